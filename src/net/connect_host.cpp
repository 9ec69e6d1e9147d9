#include <algorithm>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <hocket/connection.hpp>
#include <hocket/event_loop.hpp>
#include <hocket/exception_group.hpp>

#include "loop/event_loop_state.hpp"
#include "loop/network_operations.hpp"
#include "net/host_addresses.hpp"
#include "net/socket_transport.hpp"
#include "net/stream_state.hpp"
#include "net/tls_handshake.hpp"
#include "tls/tls_plan.hpp"

namespace hocket {

namespace detail {

namespace {

LoopNetwork& running_network() { return require_running_core().loop->state().network; }

[[noreturn]] void throw_failures(const std::vector<engine::Failure>& failures, bool all) {
    if (all) {
        std::vector<std::exception_ptr> errors;
        for (const engine::Failure& failure : failures) {
            errors.push_back(make_system_error(failure));
        }
        throw ExceptionGroup("create_connection failed", std::move(errors));
    }
    const engine::Failure failure = engine::combine_failures(failures);
    throw std::system_error(failure.code, failure.what);
}

Coro<Socket> connect_any(engine::ConnectPlan plan, bool all_errors) {
    Connect connecting(running_network().reactor(), std::move(plan));
    co_await connecting;
    Socket socket = connecting.take_socket();
    if (!socket.is_open()) {
        throw_failures(connecting.failures(), all_errors);
    }
    co_return socket;
}

Coro<Connection> open_streams(Socket socket, std::size_t limit,
                              std::shared_ptr<const TlsPlan> plan) {
    const SocketAddress peer = socket.peer_address();
    EventLoop& loop = *require_running_core().loop;
    const auto handshake = plan ? std::make_shared<TlsHandshake>(loop) : nullptr;
    const auto state =
        StreamState::open(loop, std::move(socket), peer, limit, nullptr, plan.get(), handshake);
    if (handshake) {
        co_await finish_handshake(handshake, state);
    }
    Connection connection{state->reader(), StreamWriter(state)};
    co_return connection;
}

Coro<Connection> open_host(std::string host, int port, ConnectOptions options,
                           std::shared_ptr<const TlsPlan> plan) {
    Socket socket = co_await connect_host(std::move(host), port, options);
    co_return co_await open_streams(std::move(socket), options.limit, std::move(plan));
}

Coro<Connection> open_path(std::string path, std::size_t limit,
                           std::shared_ptr<const TlsPlan> plan) {
    Socket socket = co_await connect_unix(std::move(path));
    co_return co_await open_streams(std::move(socket), limit, std::move(plan));
}

} // namespace

Coro<std::vector<SocketAddress>> host_addresses(std::string host, int port,
                                                AddressInfoHints hints) {
    if (port < 0 || port > 65535) {
        throw ValueError("port " + std::to_string(port) +
                         " is out of range: 0 to 65535 are allowed");
    }
    engine::ResolveQuery query{std::move(host), std::to_string(port), hints.family,
                               hints.type,      hints.proto,          hints.flags};
    std::vector<SocketAddress> addresses;
    if (const auto literal = engine::Resolver::literal(query)) {
        addresses.push_back(literal->address);
        co_return addresses;
    }
    Resolve asking(running_network().resolver(), std::move(query));
    const std::vector<engine::ResolvedAddress> found = co_await asking;
    for (const engine::ResolvedAddress& each : found) {
        if (std::find(addresses.begin(), addresses.end(), each.address) == addresses.end()) {
            addresses.push_back(each.address);
        }
    }
    co_return addresses;
}

Coro<Socket> connect_host(std::string host, int port, ConnectOptions options) {
    const AddressInfoHints hints{options.family, SOCK_STREAM, options.proto, options.flags};
    engine::ConnectPlan plan;
    plan.addresses = co_await host_addresses(std::move(host), port, hints);
    if (options.local_addr) {
        plan.local_addresses = co_await host_addresses(options.local_addr->host.str(),
                                                       options.local_addr->port, hints);
    }
    if (options.happy_eyeballs_delay) {
        plan.happy_eyeballs_delay = options.happy_eyeballs_delay->count();
    }
    const int interleave = options.interleave.value_or(options.happy_eyeballs_delay ? 1 : 0);
    if (interleave > 0) {
        plan.addresses = engine::interleave_families(std::move(plan.addresses),
                                                     static_cast<std::size_t>(interleave));
    }
    co_return co_await connect_any(std::move(plan), options.all_errors);
}

SocketAddress unix_address(const std::string& path) {
    const auto address = SocketAddress::from_unix_path(path);
    if (!address) {
        throw ValueError("the path of a Unix socket is too long: " + std::to_string(path.size()) +
                         " bytes, at most 107 are allowed: " + path);
    }
    return *address;
}

void remove_stale_socket(const std::string& path) noexcept {
    const bool is_file = !path.empty() && path.front() != '\0';
    struct stat info {};
    if (is_file && ::stat(path.c_str(), &info) == 0 && S_ISSOCK(info.st_mode)) {
        ::unlink(path.c_str());
    }
}

Coro<Socket> connect_unix(std::string path) {
    engine::ConnectPlan plan;
    plan.addresses.push_back(unix_address(path));
    co_return co_await connect_any(std::move(plan), false);
}

Coro<std::shared_ptr<Transport>> attach_protocol(Socket socket, AnyProtocol protocol,
                                                 std::shared_ptr<const TlsPlan> plan) {
    const SocketAddress peer = socket.peer_address();
    EventLoop& loop = *require_running_core().loop;
    const auto handshake = plan ? std::make_shared<TlsHandshake>(loop) : nullptr;
    const auto transport = SocketTransport::open(loop, std::move(socket), peer, std::move(protocol),
                                                 nullptr, plan.get(), handshake);
    if (handshake) {
        co_await finish_handshake(handshake, transport);
    }
    co_return transport;
}

Coro<std::shared_ptr<Transport>> start_tls(Transport& transport, AnyProtocol protocol,
                                           std::shared_ptr<const TlsPlan> plan) {
    auto* const ours = dynamic_cast<SocketTransport*>(&transport);
    if (ours == nullptr) {
        throw RuntimeError("start_tls() on a transport that is not a socket");
    }
    const std::shared_ptr<SocketTransport> kept = ours->shared_from_this();
    const auto handshake = std::make_shared<TlsHandshake>(*require_running_core().loop);
    kept->start_tls(std::move(protocol), *plan, handshake);
    co_await finish_handshake(handshake, kept);
    co_return kept;
}

} // namespace detail

Coro<Connection> open_connection(std::string_view host, int port, ConnectOptions options) {
    return detail::open_host(std::string(host), port, options, detail::plan_tls(options, host));
}

Coro<Connection> open_unix_connection(std::string_view path, ConnectOptions options) {
    return detail::open_path(std::string(path), options.limit, detail::plan_tls(options, {}));
}

} // namespace hocket
