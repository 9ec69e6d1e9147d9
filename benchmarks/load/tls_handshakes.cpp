// Measures a server's CPU time for a TLS connection without data: opens one connection after the
// other to a server on loopback, sends close_notify as soon as the handshake is done, and waits for
// the server's. `resumed`: each uses the session of the first connection.
//
//     tls_handshakes PORT SERVER_PID SECONDS new|resumed

#include <cstring>

#include "ping_pong.hpp"
#include "tls_client.hpp"

namespace {

class Handshakes {
public:
    Handshakes(std::uint16_t port, bool resume) : port_(port) {
        // So that the server's one-time setup is not counted.
        load::TlsConnection first(port_, number_++);
        first.close(); // the tickets arrive before the end
        if (resume) session_ = SSL_get1_session(first.ssl());
    }
    ~Handshakes() { SSL_SESSION_free(session_); }

    /// Continues for `seconds`. Returns the number of connections.
    std::size_t run_for(double seconds) {
        const double end = bench::nanoseconds(CLOCK_MONOTONIC) + seconds * 1e9;
        const std::size_t before = number_;
        while (bench::nanoseconds(CLOCK_MONOTONIC) < end) {
            load::TlsConnection connection(port_, number_++, session_);
            if ((SSL_session_reused(connection.ssl()) == 1) != (session_ != nullptr))
                load::fail("a handshake was resumed or new when it should not be");
            connection.close();
        }
        return number_ - before;
    }

private:
    std::uint16_t port_;
    std::size_t number_ = 0;
    SSL_SESSION* session_ = nullptr;
};

} // namespace

int main(int argc, char** argv) {
    if (argc != 5)
        return std::fprintf(stderr, "usage: %s PORT SERVER_PID SECONDS new|resumed\n", argv[0]), 2;
    const clockid_t server_clock = load::cpu_clock_of(argv[2]);
    const double seconds = std::atof(argv[3]);
    Handshakes handshakes(static_cast<std::uint16_t>(std::atoi(argv[1])),
                          std::strcmp(argv[4], "resumed") == 0);
    handshakes.run_for(seconds / 4); // warms up the caches
    const double cpu = bench::nanoseconds(server_clock);
    const auto count = static_cast<double>(handshakes.run_for(seconds));
    bench::print("cpu", (bench::nanoseconds(server_clock) - cpu) / count / 1e3, "µs");
}
