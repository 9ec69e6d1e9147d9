// Sends a line to echo_server or echo_protocol and prints what comes back.
//
//     $ echo_client 8888 "Hello World!"
//     sent:     Hello World!
//     received: Hello World!

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <hocket/hocket.hpp>
#include <string>

hocket::Coro<> send_line(int port, std::string message) {
    auto [reader, writer] = co_await hocket::open_connection("127.0.0.1", port);
    std::printf("sent:     %s\n", message.c_str());
    writer.write(message + "\n");
    co_await writer.drain();

    const std::string answer = co_await reader.readline();
    std::printf("received: %s", answer.c_str());
    writer.close();
    co_await writer.wait_closed();
}

int main(int argc, char** argv) {
    try {
        hocket::run(
            send_line(argc > 1 ? std::atoi(argv[1]) : 8888, argc > 2 ? argv[2] : "Hello World!"));
    } catch (const std::exception& error) {
        std::fprintf(stderr, "echo_client: %s\n", error.what());
        return 1;
    }
}
