// A server that shuts down cleanly when it receives SIGTERM: it accepts no new clients, running
// requests may finish, and those that take too long are cut off.
//
//     $ graceful_drain
//     3 clients are connected; SIGTERM
//     idle client: the server has hung up
//     quick client: got its answer
//     slow client: cut off
//     the server is down, not everybody was served in time

#include <csignal>
#include <cstdio>
#include <hocket/hocket.hpp>
#include <string>
#include <system_error>

using hocket::Coro;
using namespace std::chrono_literals;

/// Answers "work MILLISECONDS" after so many milliseconds.
Coro<> work(hocket::StreamReader reader, hocket::StreamWriter writer) {
    for (;;) {
        const std::string line = co_await reader.readline();
        if (line.empty()) break; // hung up; or the server drains, and this client is owed nothing
        co_await hocket::sleep(std::chrono::milliseconds(std::stoi(line.substr(5))));
        writer.write("done\n");
        co_await writer.drain();
    }
}

Coro<> serve(hocket::Event& serving, int& port) {
    hocket::Event stop;
    hocket::get_running_loop().add_signal_handler(SIGTERM, [&] { stop.set(); });
    auto server = co_await hocket::start_server(work, "127.0.0.1", 0);
    port = server.sockets().front().port();
    serving.set();
    co_await stop.wait();
    const bool in_time = co_await server.drain(300ms);
    std::printf("the server is down, %s served in time\n",
                in_time ? "everybody was" : "not everybody was");
}

/// Asks once, unless `request` is empty, and says how it went.
Coro<> client(std::string name, std::string request, int port) {
    auto [reader, writer] = co_await hocket::open_connection("127.0.0.1", port);
    writer.write(request);
    try {
        const std::string answer = co_await reader.readline();
        if (!answer.empty())
            std::printf("%s client: got its answer\n", name.c_str());
        else if (request.empty())
            std::printf("%s client: the server has hung up\n", name.c_str());
        else
            std::printf("%s client: cut off\n", name.c_str());
    } catch (const std::system_error&) {
        std::printf("%s client: cut off\n", name.c_str());
    }
}

Coro<> program() {
    hocket::Event serving;
    int port = 0;
    const auto server = hocket::create_task(serve(serving, port));
    co_await serving.wait();
    const auto idle = hocket::create_task(client("idle", "", port));
    const auto quick = hocket::create_task(client("quick", "work 100\n", port));
    const auto slow = hocket::create_task(client("slow", "work 60000\n", port));
    co_await hocket::sleep(50ms); // until all are connected and have asked
    std::puts("3 clients are connected; SIGTERM");
    std::raise(SIGTERM); // as a service manager would send it
    co_await idle;
    co_await quick;
    co_await slow;
    co_await server;
}

int main() { hocket::run(program()); }
