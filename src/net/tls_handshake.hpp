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

/// The handshake of one connection, shared by the connection, until it is over, and by the task
/// that waits for it; a server's has something to do afterwards instead.
class TlsHandshake {
public:
    explicit TlsHandshake(EventLoop& loop);

    /// Calls `function` when the handshake is done, in the context of whoever made this. What it
    /// throws is reported, and aborts `connection`.
    void when_done(TrackedConnection& connection, std::function<void()> function);

    void succeed() noexcept;
    /// `error` may be nullptr: the connection was closed. Where no task waits, as with a server's
    /// clients, that is nobody's to know, as in asyncio: it is reported in debug mode only.
    void fail(std::exception_ptr error) noexcept;

    [[nodiscard]] bool is_over() const noexcept { return is_over_; }
    /// Why it failed; nullptr when it did not.
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

/// Waits until `handshake` is over, and throws what it failed with. The connection is aborted
/// when it did, and when the wait is cancelled.
Coro<> finish_handshake(std::shared_ptr<TlsHandshake> handshake,
                        std::shared_ptr<TrackedConnection> connection);

} // namespace hocket::detail
