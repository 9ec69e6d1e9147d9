#pragma once

#include <arpa/inet.h>
#include <array>
#include <chrono>
#include <cstdint>
#include <netinet/in.h>
#include <poll.h>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

namespace crawl_tests {

/// A plain blocking connection to a port of this machine, for tests that need control over the
/// exact bytes sent. Reads time out after twenty seconds.
class ClientSocket {
public:
    explicit ClientSocket(int port) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(static_cast<std::uint16_t>(port));
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        connected_ = ::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
        const timeval patience{20, 0};
        ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    }
    ~ClientSocket() { ::close(socket_); }
    ClientSocket(const ClientSocket&) = delete;
    ClientSocket& operator=(const ClientSocket&) = delete;

    bool connected() const { return connected_; }

    void send(std::string_view bytes) const {
        while (!bytes.empty()) {
            const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (sent <= 0) return;
            bytes.remove_prefix(static_cast<std::size_t>(sent));
        }
    }

    /// Sends what the kernel takes within a moment, and returns how much.
    std::size_t send_without_waiting(std::string_view bytes) const {
        pollfd waiting{socket_, POLLOUT, 0};
        if (::poll(&waiting, 1, 500) <= 0) return 0;
        const ssize_t sent =
            ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        return sent > 0 ? static_cast<std::size_t>(sent) : 0;
    }

    /// Lets the destructor reset the connection, as a program that dies does.
    void reset_on_close() const {
        const linger none{1, 0};
        ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &none, sizeof none);
    }

    /// Waits for data and returns it; empty at the end of the connection.
    std::string receive() const {
        std::array<char, 64 * 1024> space;
        const ssize_t got = ::recv(socket_, space.data(), space.size(), 0);
        return got > 0 ? std::string(space.data(), static_cast<std::size_t>(got)) : std::string();
    }

    /// Whether data, or the end of the connection, arrives within `time`.
    bool has_news_within(std::chrono::milliseconds time) const {
        pollfd waiting{socket_, POLLIN, 0};
        return ::poll(&waiting, 1, static_cast<int>(time.count())) > 0;
    }
    void shut_down_writing() const { ::shutdown(socket_, SHUT_WR); }

    std::string receive_all() const {
        std::string all;
        for (;;) {
            const std::string more = receive();
            if (more.empty()) return all;
            all += more;
        }
    }

private:
    int socket_;
    bool connected_ = false;
};

/// A port on which nobody listens at the moment.
inline int free_port() {
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    ::bind(socket, reinterpret_cast<sockaddr*>(&address), size);
    ::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size);
    ::close(socket);
    return ntohs(address.sin_port);
}

} // namespace crawl_tests
