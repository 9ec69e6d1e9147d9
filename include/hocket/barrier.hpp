#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include <hocket/detail/sync/waiter.hpp>

namespace hocket {

namespace detail {
class BarrierWait;
} // namespace detail

/// Python's asyncio.Barrier: blocks tasks until `parties` of them are waiting, then releases them
/// all. It can be reused once all of them have left; a task that calls `wait` before that waits for
/// the next round.
///
/// For the tasks of one loop. The barrier must outlive its waiters: tasks still waiting when it is
/// destroyed stay suspended until they are cancelled.
class Barrier {
public:
    /// Throws ValueError if `parties` is below 1.
    explicit Barrier(std::ptrdiff_t parties);
    Barrier(const Barrier&) = delete;
    Barrier& operator=(const Barrier&) = delete;

    /// `co_await barrier.wait()`: waits until `parties` tasks are waiting. Returns a different
    /// number from 0 to parties - 1 to each task, in the order of arrival. Throws
    /// BrokenBarrierError if the barrier is broken, or is reset or aborted during the wait. A
    /// cancelled task no longer counts as waiting; the barrier stays intact. Converts to
    /// Coro<std::size_t>.
    [[nodiscard]] detail::BarrierWait wait() noexcept;

    /// Throws BrokenBarrierError in all waiting tasks and returns the barrier, even a broken one,
    /// to its initial state. Takes effect when called; can be awaited, as in Python.
    detail::Done reset();

    /// Breaks the barrier: all waiting tasks, and all later calls of `wait` until `reset`, throw
    /// BrokenBarrierError. Takes effect when called; can be awaited, as in Python.
    detail::Done abort();

    [[nodiscard]] std::size_t parties() const noexcept { return parties_; }
    /// How many tasks are waiting for the barrier to fill.
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

    detail::WaitQueue inside_;  // waiting for the barrier to fill, or leaving
    detail::WaitQueue blocked_; // arrived while others were leaving
    std::size_t parties_;
    std::size_t count_ = 0; // of the tasks in inside_
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
    [[nodiscard]] WaitReason reason() const noexcept override { return {.what = "Barrier"}; }

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
