#pragma once

#include <coroutine>
#include <memory>

#include <hocket/coro.hpp>
#include <hocket/detail/sync/waiter.hpp>

namespace hocket::detail {

class ServerState;

/// Waits until a server is closed and its last connection has ended.
class [[nodiscard]] WaitServerClosed final : public Waiter {
public:
    using hocket_awaitable = void;
    using value_type = void;

    explicit WaitServerClosed(std::shared_ptr<ServerState> server) noexcept;
    ~WaitServerClosed();
    operator Coro<void>() const; // NOLINT(google-explicit-constructor)

    bool await_ready() const noexcept;
    template <class P> void await_suspend(std::coroutine_handle<P> caller) {
        wait_in(waiters(), caller, "Server");
    }
    void await_resume() {
        if (has_waited()) {
            throw_if_not_granted("Server");
        }
    }
    [[nodiscard]] WaitReason reason() const noexcept override {
        return {.what = "end of a server"};
    }

private:
    [[nodiscard]] WaitQueue& waiters() noexcept;

    std::shared_ptr<ServerState> server_;
};

} // namespace hocket::detail
