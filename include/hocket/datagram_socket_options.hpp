#pragma once

#include <string_view>

#include <hocket/socket.hpp>

namespace hocket {

/// Socket options of a DatagramTransport or DatagramEndpoint, for IPv4 and IPv6 alike. Python sets
/// them with `setsockopt`. All functions throw std::system_error with the group and the interface
/// in the text, and ValueError if the group is not a valid address or this machine has no such
/// interface.
///
/// An `interface` is a name ("eth0"), an index ("2") or one of its addresses ("192.0.2.7"); if it
/// is empty, the kernel chooses. To receive datagrams sent to a group, bind to its port, either on
/// the group's own address or on all interfaces ("0.0.0.0", "::").
class DatagramSocketOptions {
public:
    /// Joins the multicast group `group` on `interface`: IP_ADD_MEMBERSHIP, IPV6_JOIN_GROUP.
    /// Membership lasts until leave_group is called or the socket is closed.
    void join_group(std::string_view group, std::string_view interface = {});
    /// Leaves a group; pass the arguments given to join_group.
    void leave_group(std::string_view group, std::string_view interface = {});

    /// How many hops a multicast datagram may travel: 1, the default, stays in the local network,
    /// and 0 stays on this machine. IP_MULTICAST_TTL, IPV6_MULTICAST_HOPS.
    void set_multicast_ttl(int hops);
    /// Whether group members on this machine receive datagrams sent to the group from here; on by
    /// default. IP_MULTICAST_LOOP, IPV6_MULTICAST_LOOP.
    void set_multicast_loop(bool on);
    /// The interface through which multicast datagrams are sent: IP_MULTICAST_IF,
    /// IPV6_MULTICAST_IF.
    void set_multicast_interface(std::string_view interface);
    /// Allows sending to broadcast addresses, like the option `allow_broadcast`: SO_BROADCAST.
    void set_broadcast(bool on);

    /// The socket, for setting other options. Do not receive from it, send to it or close it. It is
    /// not open once the transport is closed.
    [[nodiscard]] virtual Socket& socket() const noexcept = 0;

protected:
    ~DatagramSocketOptions() = default;
};

} // namespace hocket
