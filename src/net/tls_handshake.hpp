#pragma once

#include <coroutine>
#include <exception>
#include <functional>
#include <memory>

#include <hocket/coro.hpp>
#include <hocket/detail/loop/context_data.hpp>
#include <hocket/detail/sync/waiter.hpp>
#include <hocket/event_loop.hpp>

#include "net/tracked_connection.hpp"

namespace hocket::detail {

/// The handshake of one connection. Until it is over, the connection shares it with the task that
/// waits for it. A server's handshake runs a function afterwards instead.
class TlsHandshake {
public:
    explicit TlsHandshake(EventLoop& loop);

    /// Calls `function` when the handshake is done, in the context in which this object was made.
    /// If it throws, the exception is reported and `connection` is aborted.
    void when_done(TrackedConnection& connection, std::function<void()> function);

    void succeed() noexcept;
    /// If `error` is nullptr, the connection was closed. If no task waits, as for a server's
    /// clients, the error is reported in debug mode only, as in asyncio.
    void fail(std::exception_ptr error) noexcept;

    [[nodiscard]] bool is_over() const noexcept { return is_over_; }
    /// Why it failed; nullptr if it did not.
    [[nodiscard]] const std::exception_ptr& error() const noexcept { return error_; }
    WaitQueue& waiters() noexcept { return waiters_; }

private:
    EventLoop& loop_;
    TrackedConnection* connection_ = nullptr; // owns this
    std::function<void()> function_;
    ContextPointer context_;
    bool is_over_ = false;
    std::exception_ptr error_;
    WaitQueue waiters_;
};

/// Waits until `handshake` is over, and throws its error if it failed. Aborts the connection if it
/// failed or if the wait is cancelled.
Coro<> finish_handshake(std::shared_ptr<TlsHandshake> handshake,
                        std::shared_ptr<TrackedConnection> connection);

} // namespace hocket::detail
