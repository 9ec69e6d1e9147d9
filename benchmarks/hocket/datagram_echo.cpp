// `hocket_datagram_echo PORT`: echoes datagrams by callbacks.

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string_view>

#include <hocket/datagram_protocol.hpp>
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

hocket::Coro<> echo(int port) {
    const auto made = co_await hocket::get_running_loop().create_datagram_endpoint(
        [] { return std::make_unique<Echo>(); },
        {.local_addr = hocket::HostPort{"127.0.0.1", port}});
    hocket::Event never;
    co_await never.wait();
}

} // namespace

int main(int argc, char** argv) {
    if (argc != 2) return std::fprintf(stderr, "usage: %s PORT\n", argv[0]), 2;
    hocket::run(echo(std::atoi(argv[1])));
}
