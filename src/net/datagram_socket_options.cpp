#include <hocket/datagram_socket_options.hpp>

#include <string>
#include <system_error>

#include <hocket/errors.hpp>

#include "engine/multicast.hpp"

namespace hocket {

namespace {

SocketAddress require_group(std::string_view text) {
    const auto group = SocketAddress::from_ip(text, 0);
    if (!group) {
        throw ValueError("a multicast group is an IP address in digits, not '" + std::string(text) +
                         "'");
    }
    return *group;
}

unsigned require_interface(std::string_view text) {
    const auto index = engine::interface_index(text);
    if (!index) {
        throw ValueError("'" + std::string(text) +
                         "' is not the name, number or address of a network interface");
    }
    return *index;
}

void require(std::error_code error, const std::string& what) {
    if (error) {
        throw std::system_error(error, what);
    }
}

std::string with_interface(std::string what, std::string_view interface) {
    return interface.empty() ? what : what + " on interface " + std::string(interface);
}

} // namespace

void DatagramSocketOptions::join_group(std::string_view group, std::string_view interface) {
    require(engine::join_group(socket(), require_group(group), require_interface(interface)),
            with_interface("join the group " + std::string(group), interface));
}

void DatagramSocketOptions::leave_group(std::string_view group, std::string_view interface) {
    require(engine::leave_group(socket(), require_group(group), require_interface(interface)),
            with_interface("leave the group " + std::string(group), interface));
}

void DatagramSocketOptions::set_multicast_ttl(int hops) {
    if (hops < 0 || hops > 255) {
        throw ValueError("set_multicast_ttl: " + std::to_string(hops) +
                         " is out of range: 0 to 255 are allowed");
    }
    require(engine::set_multicast_hops(socket(), hops), "set_multicast_ttl");
}

void DatagramSocketOptions::set_multicast_loop(bool on) {
    require(engine::set_multicast_loop(socket(), on), "set_multicast_loop");
}

void DatagramSocketOptions::set_multicast_interface(std::string_view interface) {
    require(engine::set_multicast_interface(socket(), require_interface(interface)),
            with_interface("send to multicast groups", interface));
}

void DatagramSocketOptions::set_broadcast(bool on) {
    require(socket().set_broadcast(on), "set_broadcast");
}

} // namespace hocket
