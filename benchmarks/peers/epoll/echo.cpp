// The minimum for the echo rows: `epoll_echo PORT [THREADS]`. The threads share the connections.

#include <deque>
#include <thread>

#include "sockets.hpp"

int main(int argc, char** argv) {
    if (argc != 2 && argc != 3) {
        return std::fprintf(stderr, "usage: %s PORT [THREADS]\n", argv[0]), 2;
    }
    auto echo = [](auto& server, epoll::Connection& connection, const char* bytes,
                   std::size_t length) { server.send(connection, bytes, length); };
    static std::deque<epoll::Server<decltype(echo)>> servers;
    for (int i = 0; i < (argc == 3 ? std::atoi(argv[2]) : 1); ++i) servers.emplace_back(echo);
    servers[0].listen_on(static_cast<std::uint16_t>(std::atoi(argv[1])));
    for (std::size_t i = 1; i < servers.size(); ++i) {
        servers[0].share_with(servers[i]);
        std::thread([i] { servers[i].serve_forever(); }).detach();
    }
    servers[0].serve_forever();
}
