#include "socket_name.hpp"

#include <cstring>

#include <arpa/inet.h>
#include <sys/socket.h>

namespace hocket::python {

bool SocketName::read(int fd, int (*ask)(int, sockaddr*, socklen_t*)) noexcept {
    sockaddr_storage storage{};
    socklen_t size = sizeof(storage);
    if (ask(fd, reinterpret_cast<sockaddr*>(&storage), &size) != 0) {
        return false;
    }
    if (storage.ss_family == AF_INET) {
        std::memcpy(&address_, &storage, sizeof(sockaddr_in));
    } else if (storage.ss_family == AF_INET6) {
        std::memcpy(&address_, &storage, sizeof(sockaddr_in6));
    }
    return is_known();
}

Ref SocketName::to_python() const noexcept {
    char text[INET6_ADDRSTRLEN];
    if (address_.sin6_family == AF_INET) {
        sockaddr_in address{};
        std::memcpy(&address, &address_, sizeof(address));
        ::inet_ntop(AF_INET, &address.sin_addr, text, sizeof(text));
        return Ref(Py_BuildValue("(si)", text, int{ntohs(address.sin_port)}));
    }
    ::inet_ntop(AF_INET6, &address_.sin6_addr, text, sizeof(text));
    return Ref(Py_BuildValue("(siII)", text, int{ntohs(address_.sin6_port)},
                             static_cast<unsigned>(ntohl(address_.sin6_flowinfo)),
                             static_cast<unsigned>(address_.sin6_scope_id)));
}

} // namespace hocket::python
