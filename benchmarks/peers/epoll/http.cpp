// The minimum for the HTTP row: `epoll_http PORT ANSWER_BYTES` answers `GET /hello.txt` with
// keep-alive.

#include "../http_hello.hpp"
#include "sockets.hpp"

int main(int argc, char** argv) {
    if (argc != 3) return std::fprintf(stderr, "usage: %s PORT ANSWER_BYTES\n", argv[0]), 2;
    const std::string hello = http::hello(static_cast<std::size_t>(std::atoi(argv[2])));
    std::string out;
    auto serve = [&](auto& server, epoll::Connection& connection, const char* bytes,
                     std::size_t length) {
        std::string_view received(bytes, length);
        bool keep_alive = true;
        out.clear();
        if (connection.unparsed.empty()) {
            keep_alive = http::answer(received, hello, out);
            connection.unparsed = received;
        } else {
            connection.unparsed += received;
            received = connection.unparsed;
            keep_alive = http::answer(received, hello, out);
            connection.unparsed.erase(0, connection.unparsed.size() - received.size());
        }
        if (!out.empty()) server.send(connection, out.data(), out.size());
        if (!keep_alive) ::shutdown(connection.fd, SHUT_WR);
    };
    static epoll::Server server(serve);
    server.listen_on(static_cast<std::uint16_t>(std::atoi(argv[1])));
    server.serve_forever();
}
