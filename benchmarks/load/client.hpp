#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

/// Shared by the load programs: connections to a server on loopback, and exchange of whole
/// messages.
namespace load {

[[noreturn]] inline void fail(const char* call) {
    std::perror(call);
    std::exit(1);
}

/// Allows this process to have `connections` sockets, or exits and names the limit that prevents
/// it.
inline void allow_descriptors(std::size_t connections) {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    const rlim_t needed = connections + 100;
    if (limit.rlim_cur >= needed) return;
    limit.rlim_cur = needed;
    if (limit.rlim_max < needed) limit.rlim_max = needed;
    if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) fail("setrlimit RLIMIT_NOFILE");
}

/// A blocking connection that times out after five seconds without data. Every 5,000 connections
/// use another loopback address, because some rows open more connections in a minute than there are
/// ephemeral ports.
inline int connect_to(std::uint16_t port, std::size_t number = 0) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) fail("socket");
    const int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    ::setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    const timeval patience{5, 0};
    ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK + static_cast<std::uint32_t>(number / 5000));
    if (::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) fail("bind");
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) fail("connect");
    return fd;
}

inline void send_all(int fd, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t sent = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent <= 0) fail("send");
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
}

/// Reads until `enough(received)` returns true.
template <class Enough> std::string receive(int fd, Enough enough) {
    std::string received;
    char buffer[65536];
    while (!enough(received)) {
        const ssize_t length = ::recv(fd, buffer, sizeof buffer, 0);
        if (length <= 0) fail("the server closed the connection or stayed silent");
        received.append(buffer, static_cast<std::size_t>(length));
    }
    return received;
}

inline std::string exchange(int fd, std::string_view request, std::size_t reply_bytes) {
    send_all(fd, request);
    return receive(fd, [=](const std::string& received) { return received.size() >= reply_bytes; });
}

inline std::string http_request(const std::string& target) {
    return "GET " + target +
           " HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: hocket-bench\r\nAccept: */*\r\n\r\n";
}

/// Reads one whole HTTP answer according to its Content-Length. Exits unless its status is 200.
inline std::string http_exchange(int fd, std::string_view request) {
    send_all(fd, request);
    const std::string reply = receive(fd, [](const std::string& received) {
        const std::size_t head = received.find("\r\n\r\n");
        if (head == std::string::npos) return false;
        constexpr std::string_view name = "content-length: ";
        const auto field = std::search(
            received.begin(), received.begin() + static_cast<std::ptrdiff_t>(head), name.begin(),
            name.end(), [](char c, char wanted) { return std::tolower(c) == wanted; });
        if (field == received.begin() + static_cast<std::ptrdiff_t>(head)) {
            std::fprintf(stderr, "an answer without Content-Length:\n%s\n", received.c_str());
            std::exit(1);
        }
        return received.size() >= head + 4 + std::strtoul(&*field + name.size(), nullptr, 10);
    });
    if (reply.compare(0, 12, "HTTP/1.1 200") != 0) {
        std::fprintf(stderr, "an answer that is not 200:\n%s\n", reply.c_str());
        std::exit(1);
    }
    return reply;
}

} // namespace load
