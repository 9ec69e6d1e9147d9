// Sends back whatever a client sends, with streams. echo_protocol.cpp is the same with callbacks.
//
//     $ echo_server 8888
//     serving on 127.0.0.1:8888

#include <cstdio>
#include <cstdlib>
#include <hocket/hocket.hpp>
#include <string_view>
#include <system_error>
#include <vector>

using hocket::Coro;

Coro<> echo(hocket::StreamReader reader, hocket::StreamWriter writer) {
    // Most clients send little at a time; the buffer grows for those that send much.
    std::vector<char> buffer(1024);
    try {
        while (const std::size_t size = co_await reader.read_into(buffer)) {
            writer.write(std::string_view(buffer.data(), size));
            co_await writer.drain();
            if (size == buffer.size() && size < 64 * 1024) buffer.resize(size * 4);
        }
    } catch (const std::system_error&) {
        // The client has closed the connection, perhaps in the middle of a message.
    }
    writer.close();
}

Coro<> serve(int port) {
    auto server = co_await hocket::start_server(echo, "127.0.0.1", port);
    std::printf("serving on 127.0.0.1:%d\n", server.sockets().front().port());
    std::fflush(stdout);
    co_await server.serve_forever();
}

int main(int argc, char** argv) {
    try {
        hocket::run(serve(argc > 1 ? std::atoi(argv[1]) : 8888));
    } catch (const hocket::KeyboardInterrupt&) {
        std::puts("bye");
    }
}
