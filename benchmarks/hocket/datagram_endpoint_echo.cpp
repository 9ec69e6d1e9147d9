// `hocket_datagram_endpoint_echo PORT`: echoes datagrams in a task.

#include <cstdio>
#include <cstdlib>

#include <hocket/datagram_endpoint.hpp>
#include <hocket/run.hpp>

namespace {

hocket::Coro<> echo(int port) {
    const auto endpoint = co_await hocket::open_datagram_endpoint(
        {.local_addr = hocket::HostPort{"127.0.0.1", port}});
    for (;;) {
        const auto [data, address] = co_await endpoint.recv();
        endpoint.send(data, address);
    }
}

} // namespace

int main(int argc, char** argv) {
    if (argc != 2) return std::fprintf(stderr, "usage: %s PORT\n", argv[0]), 2;
    hocket::run(echo(std::atoi(argv[1])));
}
