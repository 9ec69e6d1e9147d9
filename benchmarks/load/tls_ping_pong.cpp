// ping_pong.cpp for a TLS echo server.
//
//     tls_ping_pong PORT SERVER_PID CONNECTIONS SECONDS BYTES

#include "ping_pong.hpp"
#include "tls_client.hpp"

int main(int argc, char** argv) {
    if (argc != 6)
        return std::fprintf(stderr, "usage: %s PORT SERVER_PID CONNECTIONS SECONDS BYTES\n",
                            argv[0]),
               2;
    const auto port = static_cast<std::uint16_t>(std::atoi(argv[1]));
    const clockid_t server_clock = load::cpu_clock_of(argv[2]);
    const auto connections = static_cast<std::size_t>(std::atoi(argv[3]));
    load::allow_descriptors(connections);
    const std::string message = load::letters(argv[5]);
    std::deque<load::PingPong<load::TlsConnection>> loads;
    loads.emplace_back(port, connections, message, message);
    load::measure(loads, server_clock, std::atof(argv[4]));
}
