#include "net/datagram_sockets.hpp"

#include <cerrno>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <netdb.h>
#include <sys/socket.h>

#include <hocket/detail/net/datagram_factory.hpp>
#include <hocket/errors.hpp>
#include <hocket/event_loop.hpp>

#include "engine/last_error.hpp"
#include "net/host_addresses.hpp"
#include "net/stream_state.hpp"

namespace hocket::detail {

namespace {

/// The two addresses, both of one family. An address that the caller did not ask for is unknown.
struct AddressPair {
    SocketAddress local;
    SocketAddress remote;
};

/// Pairs the first local address of each family with the first remote one of that family; asyncio
/// pairs the last ones.
std::vector<AddressPair> pair_addresses(const std::vector<SocketAddress>& locals,
                                        const std::vector<SocketAddress>& remotes,
                                        const DatagramOptions& options) {
    std::vector<AddressPair> pairs;
    for (const int family : {AF_INET, AF_INET6}) {
        AddressPair pair;
        const auto pick = [family](const std::vector<SocketAddress>& from, SocketAddress& into) {
            for (const SocketAddress& each : from) {
                if (each.family() == family && !into.is_known()) {
                    into = each;
                }
            }
        };
        pick(locals, pair.local);
        pick(remotes, pair.remote);
        const bool is_whole = pair.local.is_known() == options.local_addr.has_value() &&
                              pair.remote.is_known() == options.remote_addr.has_value();
        // Keep the resolver's order of the families.
        const auto& leading = options.local_addr ? locals : remotes;
        if (is_whole) {
            pairs.insert(leading.front().family() == family ? pairs.begin() : pairs.end(), pair);
        }
    }
    if (pairs.empty()) {
        throw ValueError("local_addr and remote_addr are not of the same family");
    }
    return pairs;
}

Coro<std::vector<AddressPair>> resolve_pairs(DatagramOptions options) {
    AddressInfoHints hints{options.family, SOCK_DGRAM, options.proto, options.flags};
    std::vector<SocketAddress> remotes;
    if (options.remote_addr) {
        remotes = co_await host_addresses(options.remote_addr->host.str(),
                                          options.remote_addr->port, hints);
    }
    std::vector<SocketAddress> locals;
    if (options.local_addr) {
        hints.flags |= AI_PASSIVE;
        locals = co_await host_addresses(options.local_addr->host.str(), options.local_addr->port,
                                         hints);
    }
    co_return pair_addresses(locals, remotes, options);
}

AddressPair unix_pair(const DatagramOptions& options) {
    AddressPair pair;
    if (options.local_addr) {
        const std::string path = options.local_addr->host.str();
        remove_stale_socket(path);
        pair.local = unix_address(path);
    }
    if (options.remote_addr) {
        pair.remote = unix_address(options.remote_addr->host.str());
    }
    return pair;
}

/// If the kernel refuses, returns a socket that is not open and sets `failure`.
Socket make_socket(int family, const AddressPair& addresses, const DatagramOptions& options,
                   engine::Failure& failure) {
    std::error_code error;
    Socket socket = Socket::create(family, SOCK_DGRAM, options.proto, error);
    const auto succeeds = [&](std::error_code result, const std::string& what) {
        if (result) {
            failure = {result, what};
            socket.close();
        }
        return !result;
    };
    const bool is_ready =
        succeeds(error, "create a datagram socket") &&
        (!options.reuse_port || succeeds(socket.set_reuse_port(true), "reuse_port")) &&
        (!options.allow_broadcast || succeeds(socket.set_broadcast(true), "allow_broadcast")) &&
        (!addresses.local.is_known() ||
         succeeds(socket.bind(addresses.local), "bind to " + addresses.local.text()));
    if (is_ready && addresses.remote.is_known() && !options.allow_broadcast) {
        succeeds(socket.connect(addresses.remote), "connect to " + addresses.remote.text());
    }
    return socket;
}

void report_ignored_sends(EventLoop& loop, const std::string& name) noexcept {
    ExceptionContext context;
    context.message = "datagrams were sent " + std::to_string(ignored_writes_to_report) +
                      " times on the closed socket " + name + ": they were discarded";
    loop.call_exception_handler(context);
}

} // namespace

Coro<DatagramSocket> open_datagram_socket(DatagramOptions options) {
    std::vector<AddressPair> pairs;
    if (!options.local_addr && !options.remote_addr) {
        if (options.family == 0) {
            throw ValueError("unexpected address family: give local_addr, remote_addr or family");
        }
        pairs.emplace_back();
    } else if (options.family == AF_UNIX) {
        pairs.push_back(unix_pair(options));
    } else {
        pairs = co_await resolve_pairs(options);
    }
    std::optional<engine::Failure> first_failure;
    for (const AddressPair& pair : pairs) {
        const SocketAddress& known = pair.local.is_known() ? pair.local : pair.remote;
        engine::Failure failure;
        DatagramSocket opened{
            make_socket(known.is_known() ? known.family() : options.family, pair, options, failure),
            pair.remote};
        if (opened.socket.is_open()) {
            co_return opened;
        }
        if (!first_failure) {
            first_failure = std::move(failure);
        }
    }
    throw std::system_error(first_failure->code, first_failure->what);
}

DatagramSocket adopt_datagram_socket(Socket socket) {
    int type = 0;
    socklen_t size = sizeof type;
    if (::getsockopt(socket.fileno(), SOL_SOCKET, SO_TYPE, &type, &size) != 0) {
        engine::throw_errno("take over a datagram socket");
    }
    if (type != SOCK_DGRAM && type != SOCK_RAW) {
        throw ValueError("a datagram socket was expected, got one of type " + std::to_string(type));
    }
    const int flags = ::fcntl(socket.fileno(), F_GETFL);
    if (flags < 0 || ::fcntl(socket.fileno(), F_SETFL, flags | O_NONBLOCK) < 0) {
        engine::throw_errno("make a datagram socket non-blocking");
    }
    const SocketAddress peer = socket.peer_address();
    return {std::move(socket), peer};
}

void send_datagram(EventLoop& loop, engine::DatagramTransport& transport, std::string_view data,
                   const SocketAddress& to) {
    const SocketAddress& destination = transport.destination();
    if (destination.is_known()) {
        if (to.is_known() && !(to == destination)) {
            throw ValueError("invalid address " + to.text() + ": must be none or " +
                             destination.text());
        }
    } else if (!to.is_known()) {
        throw ValueError("an address is needed: the socket is not connected");
    }
    const bool is_sent = destination.is_known() ? transport.send(data) : transport.send(data, to);
    if (!is_sent && transport.ignored_sends() == ignored_writes_to_report) {
        report_ignored_sends(loop, (destination.is_known() ? destination : to).text());
    }
}

} // namespace hocket::detail
