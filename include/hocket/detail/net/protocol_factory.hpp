#pragma once

#include <concepts>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <hocket/coro.hpp>
#include <hocket/network_options.hpp>
#include <hocket/protocol.hpp>
#include <hocket/server.hpp>
#include <hocket/socket.hpp>
#include <hocket/transport.hpp>

namespace hocket::detail {

/// A callable that makes a protocol: returns a shared_ptr or unique_ptr to a Protocol or
/// BufferedProtocol.
template <class F>
concept ProtocolFactory = std::invocable<F&> && requires(std::invoke_result_t<F&> made) {
    { *made } -> std::convertible_to<const BaseProtocol&>;
};
template <ProtocolFactory F>
using FactoryProtocol =
    std::remove_reference_t<decltype(*std::declval<std::invoke_result_t<F&>>())>;

/// A protocol of either kind: one pointer is set.
struct AnyProtocol {
    std::shared_ptr<Protocol> plain;
    std::shared_ptr<BufferedProtocol> buffered;

    template <class P> explicit AnyProtocol(const std::shared_ptr<P>& protocol) {
        if constexpr (std::derived_from<P, Protocol>) {
            plain = protocol;
        } else {
            buffered = protocol;
        }
    }
};

struct TlsPlan; // src/tls_plan.hpp
/// Shares what `options` refer to; nullptr: without TLS. Throws ValueError.
std::shared_ptr<const TlsPlan> plan_tls(const ConnectOptions& options, std::string_view host);
std::shared_ptr<const TlsPlan> plan_tls(const SSLContext& context, const StartTlsOptions& options);

Coro<Socket> connect_host(std::string host, int port, ConnectOptions options);
Coro<Socket> connect_unix(std::string path);
Coro<std::shared_ptr<Transport>> attach_protocol(Socket socket, AnyProtocol protocol,
                                                 std::shared_ptr<const TlsPlan> plan);
Coro<std::shared_ptr<Transport>> start_tls(Transport& transport, AnyProtocol protocol,
                                           std::shared_ptr<const TlsPlan> plan);
using MakeProtocol = std::function<AnyProtocol()>;
Coro<Server> serve_protocol(MakeProtocol make, std::vector<std::string> hosts, int port,
                            ServerOptions options);
Coro<Server> serve_protocol(MakeProtocol make, std::vector<Socket> sockets, ServerOptions options);
Coro<Server> serve_protocol_unix(MakeProtocol make, std::string path, ServerOptions options);

template <class P>
using ProtocolConnection = std::pair<std::shared_ptr<Transport>, std::shared_ptr<P>>;

template <class P>
Coro<ProtocolConnection<P>> connect_protocol(Socket socket,
                                             std::function<std::shared_ptr<P>()> make,
                                             std::shared_ptr<const TlsPlan> plan) {
    std::shared_ptr<P> protocol = make();
    AnyProtocol any(protocol);
    std::shared_ptr<Transport> transport =
        co_await attach_protocol(std::move(socket), std::move(any), std::move(plan));
    ProtocolConnection<P> connection(std::move(transport), std::move(protocol));
    co_return connection;
}
template <class P>
Coro<ProtocolConnection<P>>
connect_protocol_host(std::function<std::shared_ptr<P>()> make, std::string host, int port,
                      ConnectOptions options, std::shared_ptr<const TlsPlan> plan) {
    Socket socket = co_await connect_host(std::move(host), port, options);
    co_return co_await connect_protocol<P>(std::move(socket), std::move(make), std::move(plan));
}
template <class P>
Coro<ProtocolConnection<P>> connect_protocol_unix(std::function<std::shared_ptr<P>()> make,
                                                  std::string path,
                                                  std::shared_ptr<const TlsPlan> plan) {
    Socket socket = co_await connect_unix(std::move(path));
    co_return co_await connect_protocol<P>(std::move(socket), std::move(make), std::move(plan));
}

/// A copyable function of a factory that perhaps can only be moved.
template <ProtocolFactory F> std::function<std::shared_ptr<FactoryProtocol<F>>()> share(F factory) {
    return [factory = std::make_shared<F>(std::move(factory))] {
        return std::shared_ptr<FactoryProtocol<F>>((*factory)());
    };
}
template <ProtocolFactory F> MakeProtocol make_protocol(F factory) {
    return [make = share(std::move(factory))] { return AnyProtocol(make()); };
}

} // namespace hocket::detail
