// A server and its client. Each connection is a pair of streams, on both sides; the server runs its
// handler as a task of its own for each client.
//
//     $ 06_server_and_client
//     ping -> PING
//     pong -> PONG

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <hocket/hocket.hpp>
#include <string>

using hocket::Coro;

Coro<> shout(hocket::StreamReader reader, hocket::StreamWriter writer) {
    for (;;) {
        std::string line = co_await reader.readline();
        if (line.empty()) break; // the client has closed its end
        std::ranges::transform(line, line.begin(), [](unsigned char c) { return std::toupper(c); });
        writer.write(line);
        co_await writer.drain(); // waits while the client reads more slowly than we write
    }
    writer.close();
}

Coro<> ask(int port, std::string word) {
    auto [reader, writer] = co_await hocket::open_connection("127.0.0.1", port);
    writer.write(word + "\n");
    const std::string answer = co_await reader.readline();
    std::printf("%s -> %s", word.c_str(), answer.c_str());
    writer.close();
    co_await writer.wait_closed();
}

Coro<> program() {
    auto server = co_await hocket::start_server(shout, "127.0.0.1", 0); // 0: any free port
    const int port = server.sockets().front().port();
    co_await ask(port, "ping");
    co_await ask(port, "pong");
    server.close();
    co_await server.wait_closed();
}

int main() { hocket::run(program()); }
