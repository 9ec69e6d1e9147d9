#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include <hocket/detail/sync/waiter.hpp>

namespace hocket {

namespace detail {
class BarrierWait;
} // namespace detail

/// Python's asyncio.Barrier: a place at which `parties` tasks wait for each other, then go on
/// together. It can be used again as soon as all of them have left; who comes earlier waits for
/// that.
///
/// For the tasks of one loop. Must outlive those that wait; who still waits as it is destroyed does
/// so until it is cancelled.
class Barrier {
public:
    /// Throws ValueError when `parties` is below 1.
    explicit Barrier(std::ptrdiff_t parties);
    Barrier(const Barrier&) = delete;
    Barrier& operator=(const Barrier&) = delete;

    /// `co_await barrier.wait()`: waits until `parties` tasks wait here. Returns a different number
    /// from 0 to parties - 1 to each, in the order of arrival. Throws BrokenBarrierError when the
    /// barrier is broken, or is reset or aborted meanwhile. A cancelled task no longer counts; the
    /// barrier stays as it is. Converts to Coro<std::size_t>.
    [[nodiscard]] detail::BarrierWait wait() noexcept;

    /// Sends all that wait away with a BrokenBarrierError and makes the barrier as new, also a
    /// broken one. Takes effect when called; can be awaited, as in Python.
    detail::Done reset();

    /// Breaks the barrier: all that wait, and all that come until `reset`, get a
    /// BrokenBarrierError. Takes effect when called; can be awaited, as in Python.
    detail::Done abort();

    [[nodiscard]] std::size_t parties() const noexcept { return parties_; }
    /// How many tasks wait for the others to come.
    [[nodiscard]] std::size_t n_waiting() const noexcept {
        return phase_ == Phase::filling ? count_ : 0;
    }
    [[nodiscard]] bool broken() const noexcept { return phase_ == Phase::broken; }

private:
    friend detail::BarrierWait;
    enum class Phase : std::uint8_t { filling, draining, resetting, broken };

    void open() noexcept;
    void enter(detail::BarrierWait& wait) noexcept;
    void leave(detail::BarrierWait& wait) noexcept;
    void admit_blocked() noexcept;

    detail::WaitQueue inside_;  // arrived, and those that are leaving
    detail::WaitQueue blocked_; // came while others were leaving
    std::size_t parties_;
    std::size_t count_ = 0; // of those inside
    Phase phase_ = Phase::filling;
};

namespace detail {

class [[nodiscard]] BarrierWait final : public Waiter {
public:
    using hocket_awaitable = void;
    using value_type = std::size_t;

    explicit BarrierWait(Barrier& barrier) noexcept : barrier_(barrier) {}
    operator Coro<std::size_t>() const; // NOLINT(google-explicit-constructor): as in Python

    bool await_ready();
    template <class P> void await_suspend(std::coroutine_handle<P> caller) {
        const bool filling = barrier_.phase_ == Barrier::Phase::filling;
        wait_in(filling ? barrier_.inside_ : barrier_.blocked_, caller, "Barrier");
        inside_ = filling;
        barrier_.count_ += filling;
    }
    std::size_t await_resume();

    bool cancel(std::string_view message) noexcept override;

private:
    friend class hocket::Barrier;

    Barrier& barrier_;
    std::size_t index_ = 0;
    bool inside_ = false;
};

} // namespace detail

inline detail::BarrierWait Barrier::wait() noexcept { return detail::BarrierWait(*this); }

} // namespace hocket
