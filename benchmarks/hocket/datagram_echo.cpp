// `datagram_echo protocol PORT` echoes datagrams by callbacks, `datagram_echo endpoint PORT` in a
// task.

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string_view>

#include <hocket/datagram_endpoint.hpp>
#include <hocket/event.hpp>
#include <hocket/event_loop.hpp>
#include <hocket/run.hpp>

namespace {

class Echo final : public hocket::DatagramProtocol {
public:
    void connection_made(hocket::DatagramTransport& transport) override { transport_ = &transport; }
    void datagram_received(std::string_view data, const hocket::SocketAddress& addr) override {
        transport_->sendto(data, addr);
    }

private:
    hocket::DatagramTransport* transport_ = nullptr;
};

hocket::Coro<> echo_by_callbacks(int port) {
    const auto made = co_await hocket::get_running_loop().create_datagram_endpoint(
        [] { return std::make_unique<Echo>(); },
        {.local_addr = hocket::LocalAddress{"127.0.0.1", port}});
    hocket::Event never;
    co_await never.wait();
}

hocket::Coro<> echo_in_a_task(int port) {
    const auto endpoint = co_await hocket::open_datagram_endpoint(
        {.local_addr = hocket::LocalAddress{"127.0.0.1", port}});
    for (;;) {
        const auto [data, address] = co_await endpoint.recv();
        endpoint.send(data, address);
    }
}

} // namespace

int main(int argc, char** argv) {
    if (argc != 3) return std::fprintf(stderr, "usage: %s protocol|endpoint PORT\n", argv[0]), 2;
    const int port = std::atoi(argv[2]);
    if (std::string_view(argv[1]) == "protocol")
        hocket::run(echo_by_callbacks(port));
    else
        hocket::run(echo_in_a_task(port));
}
