#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include <curl/curl.h>

#include <hocket/errors.hpp>
#include <hocket/event_loop.hpp>
#include <hocket/http/websockets.hpp>
#include <hocket/ssl_context.hpp>
#include <hocket/timeout.hpp>

#include "http/ascii.hpp"
#include "http/websocket/handshake.hpp"
#include "http/websocket/websocket.hpp"

namespace hocket::websockets {
namespace {

using http::detail::quoted;

constexpr std::size_t max_head = 64 * 1024;

struct Target {
    bool is_secure = false;
    std::string host; // without the brackets of an IPv6 address
    int port = 0;
    std::string authority; // for the Host field
    std::string path;      // with the query
};

std::string part_of(CURLU* url, CURLUPart part) {
    char* text = nullptr;
    if (curl_url_get(url, part, &text, 0) != CURLUE_OK) return {};
    std::string copy(text);
    curl_free(text);
    return copy;
}

Target parsed(std::string_view uri) {
    for (const char c : uri) {
        if (http::detail::is_control(c) || c == ' ') {
            throw InvalidURI("the URI " + quoted(uri, 200) + " contains " + quoted({&c, 1}));
        }
    }
    const std::unique_ptr<CURLU, void (*)(CURLU*)> url(curl_url(), curl_url_cleanup);
    const CURLUcode code =
        curl_url_set(url.get(), CURLUPART_URL, std::string(uri).c_str(), CURLU_NON_SUPPORT_SCHEME);
    if (code != CURLUE_OK) {
        throw InvalidURI("the URI " + quoted(uri, 200) + ": " + curl_url_strerror(code));
    }
    Target target;
    const std::string scheme = part_of(url.get(), CURLUPART_SCHEME);
    if (scheme != "ws" && scheme != "wss") {
        throw InvalidURI("the URI " + quoted(uri, 200) + " must begin with ws:// or wss://");
    }
    if (uri.find('#') != uri.npos || !part_of(url.get(), CURLUPART_USER).empty()) {
        throw InvalidURI("the URI " + quoted(uri, 200) +
                         " must contain neither a fragment nor a user name");
    }
    target.is_secure = scheme == "wss";
    target.host = part_of(url.get(), CURLUPART_HOST);
    const std::string port = part_of(url.get(), CURLUPART_PORT);
    target.authority = target.host + (port.empty() ? "" : ":" + port);
    target.port = port.empty() ? (target.is_secure ? 443 : 80) : std::stoi(port);
    if (target.host.starts_with('[')) target.host = target.host.substr(1, target.host.size() - 2);
    target.path = part_of(url.get(), CURLUPART_PATH);
    const std::string query = part_of(url.get(), CURLUPART_QUERY);
    if (!query.empty()) target.path += "?" + query;
    return target;
}

/// Collects the server's answer to the handshake.
class HandshakeProtocol final : public Protocol {
public:
    void data_received(std::string_view data) override {
        received += data;
        const auto end = received.find("\r\n\r\n");
        is_complete = end != received.npos;
        head_size = is_complete ? end + 4 : 0;
        if (is_complete || received.size() > max_head) changed.set();
    }
    void connection_lost(std::exception_ptr cause) override {
        is_lost = true;
        error = std::move(cause);
        changed.set();
    }

    std::string received;
    std::size_t head_size = 0;
    bool is_complete = false;
    bool is_lost = false;
    std::exception_ptr error;
    Event changed;
};

/// What `connect` needs after its options are gone.
struct Plan {
    Plan(std::string_view given_uri, const ConnectOptions& given)
        : uri(given_uri),
          target(parsed(given_uri)),
          options(given),
          open_timeout(given.open_timeout),
          server_hostname(given.server_hostname) {}

    std::string uri;
    Target target;
    std::string key = detail::make_key();
    std::string request;
    Names subprotocols;
    detail::ConnectionOptions options;
    std::optional<std::chrono::nanoseconds> open_timeout;
    std::shared_ptr<SSLContext> ssl;
    std::string server_hostname;
};

/// Checks the server's answer, and returns the subprotocol that it has chosen.
std::string check_answer(const Plan& plan, std::string_view head) {
    const detail::HandshakeAnswer answer = detail::parse_answer(head);
    if (answer.status != 101) {
        throw InvalidStatus(plan.uri + ": the server answered the WebSocket handshake with " +
                                std::to_string(answer.status) + " " + answer.reason,
                            answer.status);
    }
    const auto require = [&plan](bool good, const std::string& what) {
        if (!good) throw InvalidHandshake(plan.uri + ": " + what);
    };
    require(detail::contains_element(answer.headers, "connection", "upgrade") &&
                detail::contains_element(answer.headers, "upgrade", "websocket"),
            "the server's answer does not say that it switches to WebSocket");
    require(answer.headers.get("sec-websocket-accept") == detail::accept_of(plan.key),
            "the server's Sec-WebSocket-Accept does not belong to this request's key");
    require(!answer.headers.contains("sec-websocket-extensions"),
            "the server uses an extension that was not offered");
    const std::string chosen(answer.headers.get("sec-websocket-protocol", ""));
    require(chosen.empty() || std::find(plan.subprotocols.begin(), plan.subprotocols.end(),
                                        chosen) != plan.subprotocols.end(),
            "the server has chosen the subprotocol " + http::detail::quoted(chosen) +
                ", which was not offered");
    return chosen;
}

Coro<Connection> shake_hands(const Plan& plan) {
    hocket::ConnectOptions options;
    if (plan.ssl) {
        options.ssl = *plan.ssl;
    } else {
        options.ssl = plan.target.is_secure;
    }
    options.server_hostname = plan.server_hostname;
    auto connecting =
        get_running_loop().create_connection([] { return std::make_shared<HandshakeProtocol>(); },
                                             plan.target.host, plan.target.port, options);
    auto [transport, protocol] = co_await std::move(connecting);
    // Whatever goes wrong, the connection is closed.
    struct Guard {
        explicit Guard(Transport* owned) : transport(owned) {}
        Guard(const Guard&) = delete;
        ~Guard() {
            if (transport != nullptr) transport->abort();
        }
        Transport* transport;
    };
    Guard guard(transport.get());
    transport->write(plan.request);
    while (!protocol->is_complete) {
        if (protocol->is_lost) {
            if (protocol->error) std::rethrow_exception(protocol->error);
            throw InvalidHandshake(plan.uri + ": the server closed the connection during the "
                                              "WebSocket handshake");
        }
        if (protocol->received.size() > max_head) {
            throw InvalidHandshake(plan.uri +
                                   ": the server's answer to the handshake exceeds the "
                                   "limit of " +
                                   std::to_string(max_head) + " bytes");
        }
        protocol->changed.clear();
        co_await protocol->changed.wait();
    }
    const std::string_view received = protocol->received;
    auto socket = std::make_shared<detail::WebSocket>(/*is_server=*/false, plan.options);
    socket->subprotocol = check_answer(plan, received.substr(0, protocol->head_size));
    socket->path = plan.target.path;
    Connection connection(socket);
    transport->set_protocol(std::shared_ptr<Protocol>(socket));
    socket->start(transport, received.substr(protocol->head_size));
    guard.transport = nullptr;
    co_return connection;
}

Coro<Connection> connect_in_time(std::unique_ptr<Plan> plan) {
    const Plan& shared = *plan;
    if (!plan->open_timeout) co_return co_await shake_hands(shared);
    auto handshake = [&shared] { return shake_hands(shared); };
    Coro<Connection> limited = with_timeout(*plan->open_timeout, handshake);
    co_return co_await std::move(limited);
}

} // namespace

Coro<Connection> connect(std::string_view uri, const ConnectOptions& options) {
    auto plan = std::make_unique<Plan>(uri, options);
    if (options.ssl.get() != nullptr) {
        if (!plan->target.is_secure) throw ValueError("ssl is only meaningful with a wss URI");
        plan->ssl = std::make_shared<SSLContext>(*options.ssl.get());
    }
    http::Headers headers{
        {"Host", plan->target.authority}, {"Upgrade", "websocket"},
        {"Connection", "Upgrade"},        {"Sec-WebSocket-Key", plan->key},
        {"Sec-WebSocket-Version", "13"},  {"User-Agent", "hocket/" HOCKET_VERSION}};
    if (!options.origin.empty()) headers.add("Origin", options.origin);
    if (options.subprotocols.get() != nullptr) {
        plan->subprotocols = *options.subprotocols.get();
        for (const std::string& name : plan->subprotocols) {
            headers.add("Sec-WebSocket-Protocol", name);
        }
    }
    if (options.additional_headers.get() != nullptr) {
        for (const auto [name, value] : *options.additional_headers.get()) headers.add(name, value);
    }
    plan->request = "GET " + plan->target.path + " HTTP/1.1\r\n";
    for (const auto [name, value] : headers) {
        plan->request.append(name).append(": ").append(value).append("\r\n");
    }
    plan->request += "\r\n";
    return connect_in_time(std::move(plan));
}

} // namespace hocket::websockets
