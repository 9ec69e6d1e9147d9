#include "engine/multicast.hpp"

#include <cerrno>
#include <charconv>
#include <cstring>
#include <memory>
#include <string>

#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "engine/last_error.hpp"

namespace hocket::engine {

namespace {

template <class Value>
std::error_code set_option(const Socket& socket, int level, int option,
                           const Value& value) noexcept {
    return ::setsockopt(socket.fileno(), level, option, &value, sizeof value) == 0
               ? std::error_code()
               : last_error();
}

bool is_ipv6(const Socket& socket) noexcept { return socket.local_address().family() == AF_INET6; }

// Uses an option that takes both families and an interface number, unlike IP_ADD_MEMBERSHIP.
std::error_code change_membership(const Socket& socket, int option, const SocketAddress& group,
                                  unsigned interface) noexcept {
    group_req request{};
    request.gr_interface = interface;
    std::memcpy(&request.gr_group, group.native(), group.native_size());
    return set_option(socket, group.family() == AF_INET6 ? IPPROTO_IPV6 : IPPROTO_IP, option,
                      request);
}

std::optional<unsigned> interface_with(const SocketAddress& address) {
    ifaddrs* found = nullptr;
    if (::getifaddrs(&found) != 0) {
        return std::nullopt;
    }
    const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> all(found, &::freeifaddrs);
    for (const ifaddrs* each = found; each != nullptr; each = each->ifa_next) {
        const bool is_ip = each->ifa_addr != nullptr && (each->ifa_addr->sa_family == AF_INET ||
                                                         each->ifa_addr->sa_family == AF_INET6);
        if (!is_ip) {
            continue;
        }
        const std::size_t size =
            each->ifa_addr->sa_family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
        if (SocketAddress::from_native(each->ifa_addr, size).host() == address.host()) {
            return ::if_nametoindex(each->ifa_name);
        }
    }
    return std::nullopt;
}

} // namespace

std::optional<unsigned> interface_index(std::string_view text) {
    if (text.empty()) {
        return 0;
    }
    const std::string name(text);
    if (const unsigned index = ::if_nametoindex(name.c_str()); index != 0) {
        return index;
    }
    unsigned number = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
    if (parsed.ec == std::errc() && parsed.ptr == text.data() + text.size()) {
        return number;
    }
    const auto address = SocketAddress::from_ip(text, 0);
    return address ? interface_with(*address) : std::nullopt;
}

std::error_code join_group(const Socket& socket, const SocketAddress& group,
                           unsigned interface) noexcept {
    return change_membership(socket, MCAST_JOIN_GROUP, group, interface);
}

std::error_code leave_group(const Socket& socket, const SocketAddress& group,
                            unsigned interface) noexcept {
    return change_membership(socket, MCAST_LEAVE_GROUP, group, interface);
}

std::error_code set_multicast_hops(const Socket& socket, int hops) noexcept {
    return is_ipv6(socket) ? set_option(socket, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, hops)
                           : set_option(socket, IPPROTO_IP, IP_MULTICAST_TTL, hops);
}

std::error_code set_multicast_loop(const Socket& socket, bool on) noexcept {
    const int value = on ? 1 : 0;
    return is_ipv6(socket) ? set_option(socket, IPPROTO_IPV6, IPV6_MULTICAST_LOOP, value)
                           : set_option(socket, IPPROTO_IP, IP_MULTICAST_LOOP, value);
}

std::error_code set_multicast_interface(const Socket& socket, unsigned interface) noexcept {
    if (is_ipv6(socket)) {
        return set_option(socket, IPPROTO_IPV6, IPV6_MULTICAST_IF, static_cast<int>(interface));
    }
    ip_mreqn request{};
    request.imr_ifindex = static_cast<int>(interface);
    return set_option(socket, IPPROTO_IP, IP_MULTICAST_IF, request);
}

} // namespace hocket::engine
