#include "engine/error_queue.hpp"

#include <array>
#include <cerrno>
#include <cstring>

#include <netinet/in.h>
#include <sys/socket.h>

#include <linux/errqueue.h>

namespace hocket::engine {

namespace {

std::error_code error_in(msghdr& message) noexcept {
    for (cmsghdr* each = CMSG_FIRSTHDR(&message); each != nullptr;
         each = CMSG_NXTHDR(&message, each)) {
        const bool is_ip = each->cmsg_level == IPPROTO_IP && each->cmsg_type == IP_RECVERR;
        const bool is_ipv6 = each->cmsg_level == IPPROTO_IPV6 && each->cmsg_type == IPV6_RECVERR;
        if (is_ip || is_ipv6) {
            sock_extended_err error{};
            std::memcpy(&error, CMSG_DATA(each), sizeof error);
            const bool is_error = error.ee_origin == SO_EE_ORIGIN_LOCAL ||
                                  error.ee_origin == SO_EE_ORIGIN_ICMP ||
                                  error.ee_origin == SO_EE_ORIGIN_ICMP6;
            if (is_error) {
                return {static_cast<int>(error.ee_errno), std::system_category()};
            }
        }
    }
    return {};
}

} // namespace

std::optional<QueuedError> take_queued_error(int fd) noexcept {
    QueuedError taken;
    alignas(cmsghdr) std::array<char, 512> control;
    msghdr message{}; // without a buffer for the datagram itself, which comes with its error
    message.msg_name = taken.to.native_space();
    message.msg_namelen = SocketAddress::native_capacity();
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    ssize_t received = 0;
    do {
        received = ::recvmsg(fd, &message, MSG_ERRQUEUE | MSG_DONTWAIT);
    } while (received < 0 && errno == EINTR);
    if (received < 0) {
        return std::nullopt;
    }
    taken.to.set_native_size(message.msg_namelen);
    taken.code = error_in(message);
    return taken;
}

} // namespace hocket::engine
