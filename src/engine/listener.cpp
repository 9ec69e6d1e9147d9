#include "engine/listener.hpp"

#include <cerrno>
#include <utility>

#include <sys/socket.h>

namespace hocket::engine {

Listener::Listener(Reactor& reactor, Socket bound, AcceptSink& sink) noexcept
    : reactor_(reactor), socket_(std::move(bound)), sink_(sink) {}

std::error_code Listener::start(int backlog) noexcept {
    backlog_ = backlog;
    if (const auto error = socket_.listen(backlog)) {
        return error;
    }
    return is_listening() ? std::error_code()
                          : reactor_.poller().add(*this, socket_.fileno(), readable);
}

void Listener::stop() noexcept {
    reactor_.poller().remove(*this);
    if (is_armed()) {
        reactor_.timers().cancel(*this);
    }
    socket_.close();
}

void Listener::on_ready(std::uint32_t) noexcept {
    const Lifetime::Watch watch(lifetime_);
    for (int accepted = 0; accepted < backlog_ || accepted == 0; ++accepted) {
        if (!accept_one() || watch.ended() || !is_watching()) {
            return;
        }
    }
}

// Returns true if there may be another connection to accept.
bool Listener::accept_one() noexcept {
    sockaddr_storage storage;
    socklen_t size = sizeof storage;
    auto* const native = reinterpret_cast<sockaddr*>(&storage);
    const int fd = ::accept4(socket_.fileno(), native, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) {
        return accept_failed(errno);
    }
    notified_ = false;
    sink_.on_accept(Socket(fd), SocketAddress::from_native(native, size));
    return true;
}

bool Listener::accept_failed(int error) noexcept {
    switch (error) {
    case EAGAIN: return false;
    case EINTR:
    // The connection broke before it was accepted; on Linux, accept returns its pending error.
    case ECONNABORTED:
    case EPROTO:
    case EPERM:
    case ENETDOWN:
    case ENOPROTOOPT:
    case EHOSTDOWN:
    case ENONET:
    case EHOSTUNREACH:
    case ENETUNREACH:
    case ETIMEDOUT: return true;
    default: break;
    }
    const bool is_shortage =
        error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
    reactor_.poller().remove(*this);
    if (is_shortage) {
        reactor_.timers().arm(*this, Reactor::now() + retry_delay);
    }
    if (!std::exchange(notified_, true)) {
        sink_.on_accept_failed(
            {{error, std::system_category()}, "accept on " + socket_.local_address().text()});
    }
    return false;
}

void Listener::expire() noexcept {
    if (const auto error = reactor_.poller().add(*this, socket_.fileno(), readable)) {
        reactor_.timers().arm(*this, Reactor::now() + retry_delay);
    }
}

} // namespace hocket::engine
