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
#include <hocket/detail/loop/factories.hpp>
#include <hocket/detail/net/one_socket.hpp>
#include <hocket/file_descriptor.hpp>
#include <hocket/loop_io.hpp>
#include <hocket/loop_pipes.hpp>
#include <hocket/network_options.hpp>
#include <hocket/protocol.hpp>
#include <hocket/server.hpp>
#include <hocket/socket.hpp>
#include <hocket/transport.hpp>

namespace hocket::detail {

/// A protocol of either kind: exactly one of the pointers is set.
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

struct TlsPlan; // src/tls/tls_plan.hpp
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

template <class F>
Coro<WithMade<Transport, F>> connect_protocol(Socket socket,
                                              std::function<std::shared_ptr<Made<F>>()> make,
                                              std::shared_ptr<const TlsPlan> plan) {
    std::shared_ptr<Made<F>> protocol = make();
    AnyProtocol any(protocol);
    std::shared_ptr<Transport> transport =
        co_await attach_protocol(std::move(socket), std::move(any), std::move(plan));
    WithMade<Transport, F> connection(std::move(transport), std::move(protocol));
    co_return connection;
}
template <class F>
Coro<WithMade<Transport, F>>
connect_protocol_host(std::function<std::shared_ptr<Made<F>>()> make, std::string host, int port,
                      ConnectOptions options, std::shared_ptr<const TlsPlan> plan) {
    Socket socket = co_await connect_host(std::move(host), port, options);
    co_return co_await connect_protocol<F>(std::move(socket), std::move(make), std::move(plan));
}
template <class F>
Coro<WithMade<Transport, F>> connect_protocol_unix(std::function<std::shared_ptr<Made<F>>()> make,
                                                   std::string path,
                                                   std::shared_ptr<const TlsPlan> plan) {
    Socket socket = co_await connect_unix(std::move(path));
    co_return co_await connect_protocol<F>(std::move(socket), std::move(make), std::move(plan));
}

template <ProtocolFactory F> MakeProtocol make_protocol(F&& factory) {
    return [make = share_factory(std::forward<F>(factory))] { return AnyProtocol(make()); };
}

enum class PipeDirection { read, write };
std::shared_ptr<Transport> attach_protocol_to_pipe(EventLoop& loop, FileDescriptor pipe,
                                                   PipeDirection direction, AnyProtocol protocol);

/// Side is ReadTransport or WriteTransport.
template <class Side, class F>
Coro<WithMade<Side, F>> connect_protocol_pipe(EventLoop& loop,
                                              std::function<std::shared_ptr<Made<F>>()> make,
                                              std::shared_ptr<FileDescriptor> pipe) {
    constexpr auto direction =
        std::is_same_v<Side, ReadTransport> ? PipeDirection::read : PipeDirection::write;
    std::shared_ptr<Made<F>> protocol = make();
    co_return WithMade<Side, F>(
        attach_protocol_to_pipe(loop, std::move(*pipe), direction, AnyProtocol(protocol)),
        protocol);
}

} // namespace hocket::detail

namespace hocket {

template <detail::ProtocolFactory F>
detail::Connecting<Transport, F> LoopIo::create_connection(F&& factory, std::string_view host,
                                                           int port, ConnectOptions options) {
    return detail::connect_protocol_host<F>(detail::share_factory(std::forward<F>(factory)),
                                            std::string(host), port, options,
                                            detail::plan_tls(options, host));
}

template <detail::ProtocolFactory F>
detail::Connecting<Transport, F> LoopIo::create_unix_connection(F&& factory, std::string_view path,
                                                                ConnectOptions options) {
    return detail::connect_protocol_unix<F>(detail::share_factory(std::forward<F>(factory)),
                                            std::string(path), detail::plan_tls(options, {}));
}

template <class P>
Coro<std::shared_ptr<Transport>>
LoopIo::start_tls(Transport& transport, const std::shared_ptr<P>& protocol,
                  const SSLContext& context, const StartTlsOptions& options) {
    return detail::start_tls(transport, detail::AnyProtocol(protocol),
                             detail::plan_tls(context, options));
}

template <detail::ProtocolFactory F>
detail::MadeOf<Coro<Server>, F> LoopIo::create_server(F&& factory, std::string_view host, int port,
                                                      ServerOptions options) {
    return create_server(std::forward<F>(factory), std::vector<std::string>{std::string(host)},
                         port, options);
}

template <detail::ProtocolFactory F>
detail::MadeOf<Coro<Server>, F> LoopIo::create_server(F&& factory,
                                                      const std::vector<std::string>& hosts,
                                                      int port, ServerOptions options) {
    return detail::serve_protocol(detail::make_protocol(std::forward<F>(factory)), hosts, port,
                                  options);
}

template <detail::ProtocolFactory F>
detail::MadeOf<Coro<Server>, F> LoopIo::create_server(F&& factory, std::vector<Socket> sockets,
                                                      ServerOptions options) {
    return detail::serve_protocol(detail::make_protocol(std::forward<F>(factory)),
                                  std::move(sockets), options);
}

template <detail::ProtocolFactory F>
detail::MadeOf<Coro<Server>, F> LoopIo::create_server(F&& factory, Socket socket,
                                                      ServerOptions options) {
    return create_server(std::forward<F>(factory), detail::only(std::move(socket)), options);
}

template <detail::ProtocolFactory F>
detail::MadeOf<Coro<Server>, F> LoopIo::create_unix_server(F&& factory, std::string_view path,
                                                           ServerOptions options) {
    return detail::serve_protocol_unix(detail::make_protocol(std::forward<F>(factory)),
                                       std::string(path), options);
}

template <detail::ProtocolFactory F>
detail::Connecting<ReadTransport, F> LoopPipes::connect_read_pipe(F&& factory,
                                                                  FileDescriptor pipe) {
    return detail::connect_protocol_pipe<ReadTransport, F>(
        loop(), detail::share_factory(std::forward<F>(factory)),
        std::make_shared<FileDescriptor>(std::move(pipe)));
}

template <detail::ProtocolFactory F>
detail::Connecting<WriteTransport, F> LoopPipes::connect_write_pipe(F&& factory,
                                                                    FileDescriptor pipe) {
    return detail::connect_protocol_pipe<WriteTransport, F>(
        loop(), detail::share_factory(std::forward<F>(factory)),
        std::make_shared<FileDescriptor>(std::move(pipe)));
}

} // namespace hocket
