#include <algorithm>
#include <exception>
#include <memory>
#include <utility>

#include <hocket/errors.hpp>
#include <hocket/http/router.hpp>
#include <hocket/http/serve.hpp>
#include <hocket/http/websockets.hpp>
#include <hocket/protocol.hpp>

#include "http/websocket/handshake.hpp"
#include "http/websocket/websocket.hpp"

namespace hocket::websockets::detail {
namespace {

template <class T> T copy_of(const OptionReference<T>& option) {
    return option.get() != nullptr ? *option.get() : T();
}

/// The first of our protocols that the client offers; empty if there is none.
std::string choose(const Names& ours, const http::Headers& headers) {
    for (const std::string& name : ours) {
        if (contains_element(headers, "sec-websocket-protocol", name)) return name;
    }
    return {};
}

/// Runs the handler of a connection, then closes it.
Coro<> run(std::shared_ptr<WebSocket> socket, Handler handler) {
    std::exception_ptr failure;
    {
        Connection connection(socket);
        try {
            co_await handler(connection);
        } catch (const ConnectionClosed&) {
            // The client has left, which is no error of the handler.
        } catch (const CancelledError&) {
            connection.abort();
            throw;
        } catch (...) {
            failure = std::current_exception();
        }
        auto closing = connection.close(failure ? 1011 : 1000);
        co_await std::move(closing);
    }
    if (failure) std::rethrow_exception(failure);
}

} // namespace

http::Response accept(http::Request& request, Handler handler, const AcceptOptions& options) {
    const http::Headers& headers = request.headers();
    const auto key = headers.get("sec-websocket-key", "");
    if (!contains_element(headers, "upgrade", "websocket") ||
        !contains_element(headers, "connection", "upgrade")) {
        auto response = http::Response::text("this is a WebSocket\n", 426);
        response.headers.set("Upgrade", "websocket");
        return response;
    }
    if (headers.get("sec-websocket-version") != "13") {
        auto response = http::Response::text("the only version of WebSocket here is 13\n", 426);
        response.headers.set("Sec-WebSocket-Version", "13");
        return response;
    }
    if (request.method() != "GET" || request.minor_version() < 1 || !is_key(key)) {
        return http::Response::text("not the handshake of a WebSocket\n", 400);
    }
    const Names origins = copy_of(options.origins);
    if (!origins.empty() &&
        std::find(origins.begin(), origins.end(), headers.get("origin", "")) == origins.end()) {
        return http::Response::text("this origin is not allowed\n", 403);
    }
    auto socket = std::make_shared<WebSocket>(/*is_server=*/true, ConnectionOptions(options));
    socket->path = request.target();
    socket->subprotocol = choose(copy_of(options.subprotocols), headers);
    http::Headers answer{{"Upgrade", "websocket"}, {"Sec-WebSocket-Accept", accept_of(key)}};
    if (!socket->subprotocol.empty()) answer.add("Sec-WebSocket-Protocol", socket->subprotocol);
    auto upgrade = [socket, handler = std::move(handler)](http::Upgraded upgraded) {
        ++socket->handles; // the connection that `run` makes; what has arrived is for it
        upgraded.transport->set_protocol(std::shared_ptr<Protocol>(socket));
        socket->start(upgraded.transport, upgraded.received);
        --socket->handles;
        return run(socket, handler);
    };
    return http::Response::upgrade(std::move(answer), std::move(upgrade));
}

Coro<Server> serve(Handler handler, std::string_view host, int port, const AcceptOptions& options) {
    struct Kept {
        Handler handler;
        Names subprotocols;
        Names origins;
        AcceptOptions options;
    };
    const auto kept = std::make_shared<Kept>();
    kept->handler = std::move(handler);
    kept->options = options;
    if (options.subprotocols.get() != nullptr) {
        kept->subprotocols = *options.subprotocols.get();
        kept->options.subprotocols = kept->subprotocols;
    }
    if (options.origins.get() != nullptr) {
        kept->origins = *options.origins.get();
        kept->options.origins = kept->origins;
    }
    http::Router router;
    router.get("/{path:path}", [kept](http::Request& request) {
        return accept(request, kept->handler, kept->options);
    });
    return http::serve(std::move(router), std::string(host), port, options.http);
}

} // namespace hocket::websockets::detail
