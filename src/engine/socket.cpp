#include <hocket/engine/socket.hpp>

#include <cerrno>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "engine/last_error.hpp"

namespace hocket::engine {

namespace {

std::error_code result_of(int returned) noexcept {
    return returned == 0 ? std::error_code() : last_error();
}

} // namespace

Socket& Socket::operator=(Socket&& other) noexcept {
    if (this != &other) {
        close();
        fd_ = std::exchange(other.fd_, -1);
    }
    return *this;
}

Socket Socket::create(int family, int type, int protocol, std::error_code& error) noexcept {
    const int fd = ::socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);
    error = result_of(fd < 0 ? -1 : 0);
    return Socket(fd);
}

void Socket::close() noexcept {
    if (fd_ >= 0) {
        // No retry after EINTR: Linux has already freed the number, and another thread may have it.
        ::close(std::exchange(fd_, -1));
    }
}

std::error_code Socket::set_option(int level, int option, bool on) noexcept {
    const int value = on ? 1 : 0;
    return result_of(::setsockopt(fd_, level, option, &value, sizeof value));
}

std::error_code Socket::set_no_delay(bool on) noexcept {
    return set_option(IPPROTO_TCP, TCP_NODELAY, on);
}

std::error_code Socket::set_reuse_address(bool on) noexcept {
    return set_option(SOL_SOCKET, SO_REUSEADDR, on);
}

std::error_code Socket::set_reuse_port(bool on) noexcept {
    return set_option(SOL_SOCKET, SO_REUSEPORT, on);
}

std::error_code Socket::set_ipv6_only(bool on) noexcept {
    return set_option(IPPROTO_IPV6, IPV6_V6ONLY, on);
}

std::error_code Socket::set_keep_alive(bool on) noexcept {
    return set_option(SOL_SOCKET, SO_KEEPALIVE, on);
}

std::error_code Socket::set_broadcast(bool on) noexcept {
    return set_option(SOL_SOCKET, SO_BROADCAST, on);
}

std::error_code Socket::bind(const SocketAddress& address) noexcept {
    return result_of(::bind(fd_, address.native(), address.native_size()));
}

std::error_code Socket::listen(int backlog) noexcept { return result_of(::listen(fd_, backlog)); }

std::error_code Socket::connect(const SocketAddress& address) noexcept {
    std::error_code error = result_of(::connect(fd_, address.native(), address.native_size()));
    if (error == std::errc::interrupted) {
        // The connect continues in the background, as after EINPROGRESS.
        error.assign(EINPROGRESS, std::system_category());
    }
    return error;
}

std::error_code Socket::shutdown_write() noexcept { return result_of(::shutdown(fd_, SHUT_WR)); }

std::error_code Socket::shutdown_read() noexcept { return result_of(::shutdown(fd_, SHUT_RD)); }

std::error_code Socket::pending_error() noexcept {
    int pending = 0;
    socklen_t size = sizeof pending;
    if (const auto error = result_of(::getsockopt(fd_, SOL_SOCKET, SO_ERROR, &pending, &size))) {
        return error;
    }
    return {pending, std::system_category()};
}

} // namespace hocket::engine
