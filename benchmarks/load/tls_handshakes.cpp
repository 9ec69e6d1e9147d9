// What a TLS connection costs a server in CPU time when nothing is said on it: opens one after the
// other to a server on loopback, says goodbye as soon as the handshake is done, and waits for the
// server to do so too. `resumed`: each with the session of the first.
//
//     tls_handshakes PORT SERVER_PID SECONDS new|resumed

#include <cstring>

#include "ping_pong.hpp"
#include "tls_client.hpp"

namespace {

class Handshakes {
public:
    Handshakes(std::uint16_t port, bool resume) : port_(port) {
        // What the server sets up once is not the price of a connection.
        load::TlsConnection first(port_, number_++);
        first.close(); // and with it came the tickets
        if (resume) session_ = SSL_get1_session(first.ssl());
    }
    ~Handshakes() { SSL_SESSION_free(session_); }

    /// Goes on for `seconds`; returns how many there were.
    std::size_t run_for(double seconds) {
        const double end = bench::nanoseconds(CLOCK_MONOTONIC) + seconds * 1e9;
        const std::size_t before = number_;
        while (bench::nanoseconds(CLOCK_MONOTONIC) < end) {
            load::TlsConnection connection(port_, number_++, session_);
            if ((SSL_session_reused(connection.ssl()) == 1) != (session_ != nullptr))
                load::fail("a handshake of the other kind");
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
    handshakes.run_for(seconds / 4); // caches warm
    const double cpu = bench::nanoseconds(server_clock);
    const auto count = static_cast<double>(handshakes.run_for(seconds));
    bench::print("cpu", (bench::nanoseconds(server_clock) - cpu) / count / 1e3, "µs");
}
