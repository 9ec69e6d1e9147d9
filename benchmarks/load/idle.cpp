// Measures a server's memory for each idle connection: opens many connections to an echo server on
// loopback, exchanges one message on each so that the server has set up everything for it, and
// compares the server's memory before and after.
//
//     idle PORT SERVER_PID CONNECTIONS

#include "../measure.hpp"
#include "client.hpp"

namespace {

void greet(int fd) {
    const std::string greeting(64, 'x');
    if (load::exchange(fd, greeting, greeting.size()) != greeting)
        load::fail("the echo is not what was sent");
}

} // namespace

int main(int argc, char** argv) {
    if (argc != 4)
        return std::fprintf(stderr, "usage: %s PORT SERVER_PID CONNECTIONS\n", argv[0]), 2;
    const auto port = static_cast<std::uint16_t>(std::atoi(argv[1]));
    const auto connections = static_cast<std::size_t>(std::atoi(argv[3]));
    load::allow_descriptors(connections);

    greet(load::connect_to(port)); // so that the server's one-time setup is not counted
    const std::size_t before = bench::anonymous_bytes(argv[2]);
    std::vector<int> fds;
    for (std::size_t i = 0; i < connections; ++i) {
        fds.push_back(load::connect_to(port, i));
        greet(fds.back());
    }
    for (const int fd : fds) greet(fd);
    const std::size_t after = bench::anonymous_bytes(argv[2]);
    bench::print("idle", static_cast<double>(after - before) / static_cast<double>(connections),
                 "B");
}
