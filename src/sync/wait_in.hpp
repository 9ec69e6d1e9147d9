#pragma once

#include <coroutine>

#include <hocket/detail/sync/waiter.hpp>

namespace hocket::detail {

/// Waits in a queue, unless the awaited event has already happened. Must be a named local variable
/// of the coroutine, which awaits it at once:
///
///     WaitIn closed(server.closed_waiters(), "Server", server.is_closed());
///     co_await closed;
class WaitIn final : public Waiter {
public:
    using hocket_awaitable = void;

    WaitIn(WaitQueue& queue, const char* owner, bool is_over) noexcept
        : queue_(queue), owner_(owner), is_over_(is_over) {}

    bool await_ready() const noexcept { return is_over_; }
    template <class P> void await_suspend(std::coroutine_handle<P> caller) {
        wait_in(queue_, caller, owner_);
    }
    void await_resume() {
        if (has_waited()) {
            throw_if_not_granted(owner_);
        }
    }
    [[nodiscard]] WaitReason reason() const noexcept override { return {.what = owner_}; }

private:
    WaitQueue& queue_;
    const char* owner_;
    bool is_over_;
};

} // namespace hocket::detail
