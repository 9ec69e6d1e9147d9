#include <hocket/socket.hpp>

#include <array>
#include <cerrno>
#include <system_error>

#include <sys/socket.h>

#include "engine/last_error.hpp"

namespace hocket {

std::pair<Socket, Socket> socketpair(int family, int type, int proto) {
    std::array<int, 2> ends{};
    if (::socketpair(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, proto, ends.data()) != 0) {
        engine::throw_errno("socketpair");
    }
    return {Socket(ends[0]), Socket(ends[1])};
}

} // namespace hocket
