#include "net/tls_handshake.hpp"

#include <system_error>
#include <utility>

#include "loop/context_scope.hpp"
#include "loop/report.hpp"

namespace hocket::detail {

namespace {

/// Waits for a handshake's end. A named local of the coroutine that awaits it.
class WaitHandshake final : public Waiter {
public:
    using hocket_awaitable = void;

    explicit WaitHandshake(TlsHandshake& handshake) noexcept : handshake_(handshake) {}

    bool await_ready() const noexcept { return handshake_.is_over(); }
    template <class P> void await_suspend(std::coroutine_handle<P> caller) {
        wait_in(handshake_.waiters(), caller, "TLS handshake");
    }
    void await_resume() {
        if (has_waited()) {
            throw_if_unlucky("TLS handshake");
        }
        if (handshake_.error()) {
            std::rethrow_exception(handshake_.error());
        }
    }

private:
    TlsHandshake& handshake_;
};

/// Aborts a connection that its opener will never see.
class AbortUnlessKept {
public:
    explicit AbortUnlessKept(TrackedConnection& connection) noexcept : connection_(&connection) {}
    ~AbortUnlessKept() {
        if (connection_ != nullptr) {
            connection_->abort_connection();
        }
    }
    AbortUnlessKept(const AbortUnlessKept&) = delete;
    AbortUnlessKept& operator=(const AbortUnlessKept&) = delete;

    void keep() noexcept { connection_ = nullptr; }

private:
    TrackedConnection* connection_;
};

} // namespace

TlsHandshake::TlsHandshake(EventLoop& loop) : loop_(loop), context_(current_context()) {}

void TlsHandshake::when_done(TrackedConnection& connection, std::function<void()> function) {
    connection_ = &connection;
    function_ = std::move(function);
}

void TlsHandshake::succeed() noexcept {
    is_over_ = true;
    waiters_.release_all(Waiter::State::granted);
    if (!function_) {
        return;
    }
    const ContextScope scope(&context_);
    try {
        function_();
    } catch (...) {
        report_exception(loop_.core(), "error while setting up an accepted connection",
                         std::current_exception());
        connection_->abort_connection();
    }
}

void TlsHandshake::fail(std::exception_ptr error) noexcept {
    is_over_ = true;
    error_ = error ? std::move(error)
                   : std::make_exception_ptr(std::system_error(
                         std::make_error_code(std::errc::connection_aborted), "TLS handshake"));
    const bool is_awaited = waiters_.has_waiting();
    waiters_.release_all(Waiter::State::granted);
    if (!is_awaited && loop_.get_debug()) {
        report_exception(loop_.core(), "TLS handshake with a client failed", error_);
    }
}

Coro<> finish_handshake(std::shared_ptr<TlsHandshake> handshake,
                        std::shared_ptr<TrackedConnection> connection) {
    AbortUnlessKept guard(*connection);
    WaitHandshake waiting(*handshake);
    co_await waiting;
    guard.keep();
}

} // namespace hocket::detail
