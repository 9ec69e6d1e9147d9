#pragma once

#include <hocket/detail/sync/waiter.hpp>

namespace hocket {

namespace detail {
class EventWait;
} // namespace detail

/// Python's asyncio.Event: a flag that tasks can wait for. For the tasks of one loop; to set it
/// from another thread, use `loop.call_soon_threadsafe([&] { event.set(); })`.
class Event {
public:
    Event() noexcept = default;
    Event(const Event&) = delete;
    Event& operator=(const Event&) = delete;

    [[nodiscard]] bool is_set() const noexcept { return set_; }

    /// Sets the flag and wakes all waiting tasks, in the order in which they started waiting.
    void set() {
        waiters_.require_own_thread("Event");
        set_ = true;
        waiters_.release_all(detail::Waiter::State::served);
    }

    /// Clears the flag; later waits block. Tasks already woken by `set` are unaffected.
    void clear() noexcept { set_ = false; }

    /// `co_await event.wait()`: waits until the flag is set. Always returns true. Does not suspend
    /// if the flag is set already. Throws RuntimeError if tasks of another loop have waited for
    /// this event before. Converts to Coro<bool>.
    [[nodiscard]] detail::EventWait wait() noexcept;

private:
    friend detail::EventWait;

    detail::WaitQueue waiters_;
    bool set_ = false;
};

namespace detail {

class [[nodiscard]] EventWait {
public:
    using hocket_awaitable = void;
    using value_type = bool;

    explicit EventWait(Event& event) noexcept : event_(event) {}
    operator Coro<bool>() const; // NOLINT(google-explicit-constructor): Python's is a coroutine

    bool await_ready() const noexcept { return event_.set_; }
    template <class P> void await_suspend(std::coroutine_handle<P> caller) {
        waiter_.make().wait_in(event_.waiters_, caller, "Event");
    }
    bool await_resume() {
        if (waiter_) {
            waiter_->throw_if_not_granted("Event");
        }
        return true;
    }

private:
    Event& event_;
    LazyWaiter<> waiter_;
};

} // namespace detail

inline detail::EventWait Event::wait() noexcept { return detail::EventWait(*this); }

} // namespace hocket
