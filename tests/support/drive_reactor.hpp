#pragma once

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <utility>

#include <fcntl.h>
#include <sys/socket.h>

#include <hocket/engine/socket.hpp>

#include "engine/reactor.hpp"

namespace hocket::engine::testing {

/// Ends a test's wait for something that never happens.
class Deadline final : Timer {
public:
    Deadline(Reactor& reactor, Nanoseconds after) : reactor_(reactor) {
        reactor_.timers().arm(*this, Reactor::now() + after);
    }
    ~Deadline() {
        if (is_armed()) {
            reactor_.timers().cancel(*this);
        }
    }
    [[nodiscard]] bool has_passed() const { return has_passed_; }

private:
    void expire() noexcept override { has_passed_ = true; }

    Reactor& reactor_;
    bool has_passed_ = false;
};

/// Runs the loop until `is_done()`. Returns false if that takes longer than `limit`.
template <class Predicate>
[[nodiscard]] bool run_until(Reactor& reactor, Predicate is_done,
                             std::chrono::nanoseconds limit = std::chrono::seconds(20)) {
    const Deadline deadline(reactor, limit.count());
    while (!is_done()) {
        if (deadline.has_passed()) {
            return false;
        }
        reactor.poll(true);
        reactor.run_ready();
    }
    return true;
}

/// Runs a few turns without waiting, so that everything that is due happens.
inline void run_turns(Reactor& reactor, int turns = 4) {
    for (int i = 0; i < turns; ++i) {
        // A turn with pending work polls descriptors only now and then; an idle turn always does.
        const Deadline now(reactor, 0);
        reactor.poll(true);
        reactor.run_ready();
    }
}

/// A connected pair of Unix sockets: the loop's end and the test's, both non-blocking.
inline std::pair<Socket, Socket> socket_pair() {
    int fds[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) != 0) {
        std::cerr << "socketpair failed\n";
        std::abort();
    }
    return {Socket(fds[0]), Socket(fds[1])};
}

/// A socket bound to 127.0.0.1 on a port that the kernel chooses. It listens if `backlog` is not
/// negative.
inline Socket bound_socket(int backlog = -1) {
    std::error_code error;
    Socket socket = Socket::create(AF_INET, SOCK_STREAM, 0, error);
    if (error || socket.bind(*SocketAddress::from_ip("127.0.0.1", 0)) ||
        (backlog >= 0 && socket.listen(backlog))) {
        std::cerr << "no socket on loopback\n";
        std::abort();
    }
    return socket;
}

inline void set_blocking(const Socket& socket) {
    ::fcntl(socket.fileno(), F_SETFL, ::fcntl(socket.fileno(), F_GETFL) & ~O_NONBLOCK);
}

/// A connected pair over TCP on loopback: the loop's end and the test's, both non-blocking.
inline std::pair<Socket, Socket> tcp_pair() {
    Socket listening = bound_socket(1);
    std::error_code error;
    Socket client = Socket::create(AF_INET, SOCK_STREAM, 0, error);
    set_blocking(client);
    if (client.connect(listening.local_address())) {
        std::cerr << "connect failed\n";
        std::abort();
    }
    ::fcntl(client.fileno(), F_SETFL, ::fcntl(client.fileno(), F_GETFL) | O_NONBLOCK);
    Socket accepted(::accept4(listening.fileno(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    return {std::move(accepted), std::move(client)};
}

/// The bytes available now, up to `most`.
inline std::string read_some(const Socket& socket, std::size_t most = 1 << 16) {
    std::string bytes(most, '\0');
    const ssize_t count = ::recv(socket.fileno(), bytes.data(), bytes.size(), 0);
    bytes.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
    return bytes;
}

/// Whether recv reports the end of the stream (and not that there is no data yet).
inline bool is_at_eof(const Socket& socket) {
    char byte = 0;
    return ::recv(socket.fileno(), &byte, 1, MSG_PEEK) == 0;
}

inline void send_all(const Socket& socket, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t sent = ::send(socket.fileno(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent < 0) {
            std::cerr << "send failed, errno " << errno << '\n';
            std::abort();
        }
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
}

/// Makes closing `socket` send a reset instead of an end of stream.
inline void reset_on_close(const Socket& socket) {
    const linger hard{1, 0};
    ::setsockopt(socket.fileno(), SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
}

} // namespace hocket::engine::testing
