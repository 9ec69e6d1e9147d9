// An echo server on several loops: measures the cost of each message, and how evenly the loops
// share the connections. When SIGTERM ends it, it prints the number of connections of each loop.
//
//     serve_on PORT LOOPS

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <hocket/hocket.hpp>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

namespace {

using hocket::Coro;

/// The number of connections of each thread, counted when they arrive.
class Spread {
public:
    void count() {
        const std::lock_guard lock(mutex_);
        ++connections_[std::this_thread::get_id()];
    }
    void print() {
        const std::lock_guard lock(mutex_);
        std::printf("{\"connections\": [");
        const char* separator = "";
        for (const auto& [thread, count] : connections_) {
            std::printf("%s%d", separator, count);
            separator = ", ";
        }
        std::puts("]}");
    }

private:
    std::mutex mutex_;
    std::map<std::thread::id, int> connections_;
};

Coro<> echo(Spread& spread, hocket::StreamReader reader, hocket::StreamWriter writer) {
    spread.count();
    std::vector<char> buffer(64 * 1024);
    try {
        while (const std::size_t size = co_await reader.read_into(buffer)) {
            writer.write(std::string_view(buffer.data(), size));
            co_await writer.drain();
        }
    } catch (const std::system_error&) {
        // The client has closed the connection.
    }
}

Coro<> serve(int port, int loops) {
    Spread spread;
    hocket::Event stop;
    hocket::get_running_loop().add_signal_handler(SIGTERM, [&] { stop.set(); });
    const auto handle = [&spread](hocket::StreamReader reader, hocket::StreamWriter writer) {
        return echo(spread, std::move(reader), std::move(writer));
    };
    auto server = loops == 1 ? hocket::start_server(handle, "127.0.0.1", port)
                             : hocket::serve_on(handle, "127.0.0.1", port, {.loops = loops});
    hocket::Server running = co_await std::move(server);
    co_await stop.wait();
    spread.print();
    co_await running.drain(std::chrono::seconds(1));
}

} // namespace

int main(int argc, char** argv) {
    if (argc != 3) return std::fputs("usage: serve_on PORT LOOPS\n", stderr), 2;
    hocket::run(serve(std::atoi(argv[1]), std::atoi(argv[2])));
}
