#include "net/tls_handshake.hpp"

#include <system_error>
#include <utility>

#include "loop/context_scope.hpp"
#include "loop/report.hpp"
#include "sync/wait_in.hpp"

namespace hocket::detail {

namespace {

/// Aborts a connection if opening it fails, because then nobody else can close it.
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
    WaitIn over(handshake->waiters(), "TLS handshake", handshake->is_over());
    co_await over;
    if (handshake->error()) {
        std::rethrow_exception(handshake->error());
    }
    guard.keep();
}

} // namespace hocket::detail
