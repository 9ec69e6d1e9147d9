// The minimum for the HTTP server's rows: `epoll_http_beast PORT ANSWER_BYTES` parses requests with
// Boost.Beast's parser, without its containers, and answers `GET /hello` from memory.

#include <string>
#include <string_view>

#include <boost/beast/http/basic_parser.hpp>

#include "../http_hello.hpp"
#include "sockets.hpp"

namespace {

namespace beast = boost::beast;

/// Keeps what an answer depends on.
class Parser final : public beast::http::basic_parser<true> {
public:
    bool is_hello = false;
    bool has_host = false;

private:
    using Error = beast::error_code;
    using View = beast::string_view;

    void on_request_impl(beast::http::verb verb, View, View target, int, Error&) override {
        is_hello = verb == beast::http::verb::get && target == "/hello";
    }
    void on_response_impl(int, View, int, Error&) override {}
    void on_field_impl(beast::http::field field, View, View value, Error&) override {
        if (field == beast::http::field::host) has_host = !value.empty();
    }
    void on_header_impl(Error&) override {}
    void on_body_init_impl(boost::optional<std::uint64_t> const&, Error&) override {}
    std::size_t on_body_impl(View body, Error&) override { return body.size(); }
    void on_chunk_header_impl(std::uint64_t, View, Error&) override {}
    std::size_t on_chunk_body_impl(std::uint64_t, View body, Error&) override {
        return body.size();
    }
    void on_finish_impl(Error&) override {}
};

/// Answers the whole requests in `bytes` and removes them. Returns false if the connection must be
/// closed.
bool answer(std::string_view& bytes, const std::string& hello, std::string& out) {
    while (!bytes.empty()) {
        Parser parser;
        beast::error_code error;
        const std::size_t used =
            parser.put(boost::asio::const_buffer(bytes.data(), bytes.size()), error);
        if (error == beast::http::error::need_more) return true;
        if (error) return false;
        out += parser.is_hello && parser.has_host
                   ? hello
                   : "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";
        bytes.remove_prefix(used);
        if (!parser.keep_alive()) return false;
    }
    return true;
}

} // namespace

int main(int argc, char** argv) {
    if (argc != 3) return std::fprintf(stderr, "usage: %s PORT ANSWER_BYTES\n", argv[0]), 2;
    const std::string hello = http::hello(static_cast<std::size_t>(std::atoi(argv[2])));
    std::string out;
    auto serve = [&](auto& server, epoll::Connection& connection, const char* bytes,
                     std::size_t length) {
        std::string_view received(bytes, length);
        if (!connection.unparsed.empty()) {
            connection.unparsed += received;
            received = connection.unparsed;
        }
        out.clear();
        const bool keep_alive = answer(received, hello, out);
        connection.unparsed = std::string(received);
        if (!out.empty()) server.send(connection, out.data(), out.size());
        if (!keep_alive) ::shutdown(connection.fd, SHUT_WR);
    };
    static epoll::Server server(serve);
    server.listen_on(static_cast<std::uint16_t>(std::atoi(argv[1])));
    server.serve_forever();
}
