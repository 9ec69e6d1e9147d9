#pragma once

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

/// Shared by the hand-written servers: the listening socket, the set of watched sockets and the
/// connection.
namespace epoll {

[[noreturn]] inline void fail(const char* call) {
    std::perror(call);
    std::exit(1);
}

inline int listen_on_loopback(std::uint16_t port) {
    const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (listener < 0) fail("socket");
    const int on = 1;
    ::setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) fail("bind");
    if (::listen(listener, SOMAXCONN) != 0) fail("listen");
    return listener;
}

/// An accepted socket, and the bytes that its peer has not received yet.
struct Connection {
    int fd;
    std::string unsent;
    std::string unparsed;
};

/// Serves its connections on one thread, level-triggered: one recv for each event, and an answer
/// sent at once. It waits for EPOLLOUT only while the socket is full. `answer(connection, received,
/// length)` is called with the received bytes.
template <class Answer> class Server {
public:
    explicit Server(Answer answer) : answer_(answer) {
        if (epoll_ < 0) fail("epoll_create1");
    }

    void listen_on(std::uint16_t port) {
        listener_ = listen_on_loopback(port);
        epoll_event event{EPOLLIN, {.ptr = nullptr}};
        ::epoll_ctl(epoll_, EPOLL_CTL_ADD, listener_, &event);
    }

    /// Distributes accepted connections in turn among itself and the others.
    void share_with(const Server& other) { takers_.push_back(other.epoll_); }

    void serve_forever() {
        epoll_event events[256];
        for (;;) {
            const int ready = ::epoll_wait(epoll_, events, 256, -1);
            for (int i = 0; i < ready; ++i) {
                auto* connection = static_cast<Connection*>(events[i].data.ptr);
                if (connection == nullptr) {
                    accept_all();
                } else if ((events[i].events & EPOLLOUT) != 0) {
                    flush(*connection);
                } else {
                    receive(*connection);
                }
            }
        }
    }

    void send(Connection& connection, const char* bytes, std::size_t length) {
        if (connection.unsent.empty()) {
            const ssize_t sent = ::send(connection.fd, bytes, length, MSG_NOSIGNAL);
            if (sent == static_cast<ssize_t>(length)) return;
            if (sent < 0 && errno != EAGAIN) return; // the next recv reports the end
            const std::size_t taken = sent < 0 ? 0 : static_cast<std::size_t>(sent);
            bytes += taken;
            length -= taken;
            watch(connection,
                  EPOLLOUT); // stop reading from a peer that does not receive its answers
        }
        connection.unsent.append(bytes, length);
    }

private:
    void accept_all() {
        for (;;) {
            const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
            if (fd < 0) return;
            const int on = 1;
            ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
            epoll_event event{EPOLLIN, {.ptr = new Connection{fd, {}, {}}}};
            ::epoll_ctl(takers_[accepted_++ % takers_.size()], EPOLL_CTL_ADD, fd, &event);
        }
    }

    void receive(Connection& connection) {
        const ssize_t received = ::recv(connection.fd, buffer_, sizeof buffer_, 0);
        if (received > 0) {
            answer_(*this, connection, buffer_, static_cast<std::size_t>(received));
        } else if (received == 0 || errno != EAGAIN) {
            ::close(connection.fd);
            delete &connection;
        }
    }

    void flush(Connection& connection) {
        const ssize_t sent =
            ::send(connection.fd, connection.unsent.data(), connection.unsent.size(), MSG_NOSIGNAL);
        if (sent < 0 && errno == EAGAIN) return;
        if (sent < 0) {
            connection.unsent.clear();
        } else {
            connection.unsent.erase(0, static_cast<std::size_t>(sent));
        }
        if (connection.unsent.empty()) watch(connection, EPOLLIN);
    }

    void watch(Connection& connection, std::uint32_t events) {
        epoll_event event{events, {.ptr = &connection}};
        ::epoll_ctl(epoll_, EPOLL_CTL_MOD, connection.fd, &event);
    }

    Answer answer_;
    int epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
    int listener_ = -1;
    std::vector<int> takers_{epoll_};
    std::size_t accepted_ = 0;
    char buffer_[65536];
};

} // namespace epoll
