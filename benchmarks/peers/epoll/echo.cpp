// The floor for the echo rows: `epoll_echo PORT`.

#include "sockets.hpp"

int main(int argc, char** argv) {
    if (argc != 2) return std::fprintf(stderr, "usage: %s PORT\n", argv[0]), 2;
    auto echo = [](auto& server, epoll::Connection& connection, const char* bytes,
                   std::size_t length) { server.send(connection, bytes, length); };
    static epoll::Server server(static_cast<std::uint16_t>(std::atoi(argv[1])), echo);
    server.serve_forever();
}
