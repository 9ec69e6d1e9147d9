// A time server over UDP, which answers each datagram with the time, and a client, which limits how
// long it waits for an answer: a datagram may get lost.
//
//     $ udp_time_server
//     the server is at 127.0.0.1
//     asking 3 times
//     the time is 2026-03-01 12:00:00 UTC
//     the time is 2026-03-01 12:00:00 UTC
//     the time is 2026-03-01 12:00:00 UTC
//     no answer from a port without a server: Connection refused
//
//     $ udp_time_server 3737            # serves until Ctrl-C
//     $ udp_time_server ask 3737        # from another terminal
//     the time is 2026-03-01 12:00:00 UTC

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <exception>
#include <hocket/hocket.hpp>
#include <string>
#include <string_view>
#include <system_error>

using namespace std::chrono_literals;

std::string time_in_words() {
    const std::time_t now = std::time(nullptr);
    std::tm parts{};
    ::gmtime_r(&now, &parts);
    char text[64];
    return {text, std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S UTC", &parts)};
}

// Callbacks are enough for a server that only answers.
class TimeServer : public hocket::DatagramProtocol {
public:
    void connection_made(hocket::DatagramTransport& transport) override { transport_ = &transport; }
    void datagram_received(std::string_view, const hocket::SocketAddress& sender) override {
        transport_->sendto(time_in_words(), sender);
    }

private:
    hocket::DatagramTransport* transport_ = nullptr;
};

hocket::Coro<hocket::SocketAddress> start(int port) {
    auto [transport, protocol] = co_await hocket::get_running_loop().create_datagram_endpoint(
        [] { return std::make_unique<TimeServer>(); },
        {.local_addr = hocket::HostPort{"127.0.0.1", port}});
    co_return transport->sockname();
}

// Datagrams get lost: asks again every second, three times.
hocket::Coro<std::string> ask(int port) {
    const auto endpoint = co_await hocket::open_datagram_endpoint(
        {.remote_addr = hocket::HostPort{"127.0.0.1", port}});
    for (int attempt = 1;; ++attempt) {
        endpoint.send("what time is it?");
        try {
            const auto answer = co_await hocket::wait_for(endpoint.recv(), 1s);
            co_return answer.data;
        } catch (const hocket::TimeoutError&) {
            if (attempt == 3) throw;
        }
    }
}

hocket::Coro<> serve(int port) {
    const auto address = co_await start(port);
    std::printf("serving on %s\n", address.text().c_str());
    std::fflush(stdout);
    hocket::Event never;
    co_await never.wait();
}

hocket::Coro<> demonstrate() {
    const auto address = co_await start(0);
    std::printf("the server is at %s\n", address.host().c_str());
    std::puts("asking 3 times");
    for (int i = 0; i < 3; ++i) {
        const auto answer = co_await ask(address.port());
        std::printf("the time is %s\n", answer.c_str());
    }

    int free_port = 0;
    {
        const auto gone = co_await hocket::open_datagram_endpoint(
            {.local_addr = hocket::HostPort{"127.0.0.1", 0}});
        free_port = gone.sockname().port();
        gone.close();
        co_await gone.wait_closed();
    }
    try {
        co_await ask(free_port);
    } catch (const std::system_error& error) {
        std::printf("no answer from a port without a server: %s\n", error.code().message().c_str());
    }
}

hocket::Coro<> print_answer(int port) {
    const auto answer = co_await ask(port);
    std::printf("the time is %s\n", answer.c_str());
}

int main(int argc, char** argv) {
    const std::string_view first = argc > 1 ? argv[1] : "";
    try {
        if (first == "ask" && argc > 2)
            hocket::run(print_answer(std::atoi(argv[2])));
        else if (!first.empty())
            hocket::run(serve(std::atoi(argv[1])));
        else
            hocket::run(demonstrate());
    } catch (const hocket::KeyboardInterrupt&) {
        std::puts("bye");
    } catch (const std::exception& error) {
        std::fprintf(stderr, "udp_time_server: %s\n", error.what());
        return 1;
    }
}
