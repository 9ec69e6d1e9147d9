#pragma once

#include <system_error>
#include <utility>

#include <hocket/engine/socket_address.hpp>

namespace hocket::engine {

/// Owns a socket's file descriptor, non-blocking and close-on-exec. Options and addresses report
/// failure as an error code.
class Socket {
public:
    Socket() noexcept = default;
    /// Takes over `fd`, which must be non-blocking.
    explicit Socket(int fd) noexcept : fd_(fd) {}
    Socket(Socket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    Socket& operator=(Socket&& other) noexcept;
    ~Socket() { close(); }

    /// A new socket. If that fails, sets `error` and returns a closed one.
    [[nodiscard]] static Socket create(int family, int type, int protocol,
                                       std::error_code& error) noexcept;

    /// The descriptor; -1 once closed.
    [[nodiscard]] int fileno() const noexcept { return fd_; }
    [[nodiscard]] int fd() const noexcept { return fileno(); } ///< The former name of fileno.
    [[nodiscard]] bool is_open() const noexcept { return fd_ >= 0; }
    void close() noexcept;
    /// Gives up ownership and returns the descriptor.
    [[nodiscard]] int release() noexcept { return std::exchange(fd_, -1); }

    std::error_code set_no_delay(bool on) noexcept;      ///< TCP_NODELAY
    std::error_code set_reuse_address(bool on) noexcept; ///< SO_REUSEADDR
    std::error_code set_reuse_port(bool on) noexcept;    ///< SO_REUSEPORT
    std::error_code set_ipv6_only(bool on) noexcept;     ///< IPV6_V6ONLY
    std::error_code set_keep_alive(bool on) noexcept;    ///< SO_KEEPALIVE
    std::error_code set_broadcast(bool on) noexcept;     ///< SO_BROADCAST

    [[nodiscard]] std::error_code bind(const SocketAddress& address) noexcept;
    [[nodiscard]] std::error_code listen(int backlog) noexcept;
    /// After EINPROGRESS, wait until the socket is writable, then call `pending_error`.
    [[nodiscard]] std::error_code connect(const SocketAddress& address) noexcept;
    std::error_code shutdown_write() noexcept;
    /// Data that has arrived can still be read; then reading reports the end.
    std::error_code shutdown_read() noexcept;
    /// SO_ERROR: the reason why a connect failed; no error if it did not.
    [[nodiscard]] std::error_code pending_error() noexcept;

    [[nodiscard]] SocketAddress local_address() const noexcept {
        return SocketAddress::local_of(fd_);
    }
    [[nodiscard]] SocketAddress peer_address() const noexcept {
        return SocketAddress::peer_of(fd_);
    }

private:
    std::error_code set_option(int level, int option, bool on) noexcept;

    int fd_ = -1;
};

} // namespace hocket::engine
