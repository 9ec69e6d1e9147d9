#pragma once

#include "python.hpp"

#include <netinet/in.h>

namespace hocket::python {

/// The address of a TCP socket or its peer as the kernel tells it. The tuple that Python code sees
/// takes five times the memory, and is made when it is asked for.
class SocketName {
public:
    /// Of a descriptor's own end. Returns whether it is an Internet address; if it is not, Python's
    /// socket must tell.
    [[nodiscard]] bool read_own(int fd) noexcept { return read(fd, &::getsockname); }
    [[nodiscard]] bool read_peers(int fd) noexcept { return read(fd, &::getpeername); }

    [[nodiscard]] bool is_known() const noexcept { return address_.sin6_family != AF_UNSPEC; }
    /// As socket.getsockname() returns it: (host, port), or (host, port, flow, scope). There must
    /// be an address.
    [[nodiscard]] Ref to_python() const noexcept;

private:
    [[nodiscard]] bool read(int fd, int (*ask)(int, sockaddr*, socklen_t*)) noexcept;

    sockaddr_in6 address_{}; // or a sockaddr_in in its place
};

} // namespace hocket::python
