#include <cstdio>
#include <cstdlib>

#include <hocket/hocket.hpp>
#include <hocket/http/websockets.hpp>

// `websocket_echo PORT`: sends every message back.

namespace {

hocket::Coro<> echo(hocket::websockets::Connection connection) {
    for (;;) {
        const hocket::websockets::Message message = co_await connection.recv();
        co_await connection.send_bytes(message.data);
    }
}

} // namespace

int main(int argc, char** argv) {
    if (argc != 2) return std::fprintf(stderr, "usage: %s PORT\n", argv[0]), 2;
    hocket::run([port = std::atoi(argv[1])]() -> hocket::Coro<> {
        auto server = co_await hocket::websockets::serve(echo, "127.0.0.1", port);
        co_await server.serve_forever();
    });
}
