// idle.cpp for a TLS echo server.
//
//     tls_idle PORT SERVER_PID CONNECTIONS

#include "../measure.hpp"
#include "tls_client.hpp"

namespace {

void greet(load::TlsConnection& connection) {
    const std::string greeting(64, 'x');
    if (connection.exchange(greeting) != greeting) load::fail("the echo is not what was sent");
}

} // namespace

int main(int argc, char** argv) {
    if (argc != 4)
        return std::fprintf(stderr, "usage: %s PORT SERVER_PID CONNECTIONS\n", argv[0]), 2;
    const auto port = static_cast<std::uint16_t>(std::atoi(argv[1]));
    const auto connections = static_cast<std::size_t>(std::atoi(argv[3]));
    load::allow_descriptors(connections);
    load::TlsConnection first(port, 0); // so that one-time setup is not counted
    greet(first);
    const std::size_t before = bench::anonymous_bytes(argv[2]);
    std::vector<load::TlsConnection> idle;
    idle.reserve(connections);
    for (std::size_t i = 0; i < connections; ++i) greet(idle.emplace_back(port, i));
    for (load::TlsConnection& connection : idle) greet(connection);
    const std::size_t after = bench::anonymous_bytes(argv[2]);
    bench::print("idle", static_cast<double>(after - before) / static_cast<double>(connections),
                 "B");
}
