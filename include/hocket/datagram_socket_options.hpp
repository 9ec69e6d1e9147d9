#pragma once

#include <string_view>

#include <hocket/socket.hpp>

namespace hocket {

/// What can be set on the socket of a DatagramTransport or DatagramEndpoint, for IPv4 and IPv6
/// alike. Python does this with `setsockopt`. All throw std::system_error with the group and the
/// interface in the text, and ValueError for what is no address or no interface of this machine.
///
/// An `interface` is a name ("eth0"), a number ("2") or one of its addresses ("192.0.2.7"); empty
/// leaves the choice to the kernel. To receive what is sent to a group, bind to its port: on the
/// group's own address, or on every interface's ("0.0.0.0", "::").
class DatagramSocketOptions {
public:
    /// Receives what is sent to the multicast address `group`, on `interface`: IP_ADD_MEMBERSHIP,
    /// IPV6_JOIN_GROUP. Lasts until leave_group or the end of the socket.
    void join_group(std::string_view group, std::string_view interface = {});
    /// No more of that; with the arguments of join_group.
    void leave_group(std::string_view group, std::string_view interface = {});

    /// How many routers may pass on what is sent to a group: 1, the default, keeps it in this
    /// network, 0 on this machine. IP_MULTICAST_TTL, IPV6_MULTICAST_HOPS.
    void set_multicast_ttl(int hops);
    /// Whether this machine's own members of a group receive what is sent to it from here (they do
    /// unless told otherwise): IP_MULTICAST_LOOP, IPV6_MULTICAST_LOOP.
    void set_multicast_loop(bool on);
    /// Where what is sent to a group leaves: IP_MULTICAST_IF, IPV6_MULTICAST_IF.
    void set_multicast_interface(std::string_view interface);
    /// Allows sending to broadcast addresses, as the option `allow_broadcast` does: SO_BROADCAST.
    void set_broadcast(bool on);

    /// To set other options on; not to receive from, send to or close. Not open once the transport
    /// is closed.
    [[nodiscard]] virtual Socket& socket() const noexcept = 0;

protected:
    ~DatagramSocketOptions() = default;
};

} // namespace hocket
