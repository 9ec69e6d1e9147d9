// Loads an echo or HTTP server on loopback. Each connection sends a message, waits for the whole
// answer, and sends the next one. Prints the server's CPU time for each message, and the number of
// messages per second.
//
//     ping_pong PORT SERVER_PID CONNECTIONS SECONDS BYTES [THREADS]      echo
//     ping_pong PORT SERVER_PID CONNECTIONS SECONDS /target [THREADS]    HTTP
//
// The threads share the connections. "/target*16" sends sixteen requests at once (pipelining), and
// a message is all sixteen.

#include <utility>

#include "ping_pong.hpp"

namespace {

class Connection {
public:
    Connection(std::uint16_t port, std::size_t number) : fd_(load::connect_to(port, number)) {}
    Connection(Connection&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    ~Connection() {
        if (fd_ >= 0) ::close(fd_);
    }

    int fileno() const { return fd_; }
    void send_all(std::string_view bytes) { load::send_all(fd_, bytes); }
    ssize_t receive(char* into, std::size_t size) { return ::recv(fd_, into, size, MSG_DONTWAIT); }

private:
    int fd_;
};

} // namespace

int main(int argc, char** argv) {
    if (argc != 6 && argc != 7) {
        return std::fprintf(stderr,
                            "usage: %s PORT SERVER_PID CONNECTIONS SECONDS BYTES|/target[*DEPTH] "
                            "[THREADS]\n",
                            argv[0]),
               2;
    }
    const auto port = static_cast<std::uint16_t>(std::atoi(argv[1]));
    const clockid_t server_clock = load::cpu_clock_of(argv[2]);
    const auto connections = static_cast<std::size_t>(std::atoi(argv[3]));
    const double seconds = std::atof(argv[4]);
    load::allow_descriptors(connections);

    std::string request, reply;
    if (argv[5][0] == '/') {
        const std::string target = argv[5];
        const std::size_t star = std::min(target.find('*'), target.size());
        const int depth = star < target.size() ? std::atoi(target.c_str() + star + 1) : 1;
        const std::string one = load::http_request(target.substr(0, star));
        const int fd = load::connect_to(port);
        const std::string answer = load::http_exchange(fd, one);
        ::close(fd);
        for (int i = 0; i < depth; ++i) {
            request += one;
            reply += answer;
        }
    } else {
        request = reply = load::letters(argv[5]);
    }

    const auto threads = static_cast<std::size_t>(argc == 7 ? std::atoi(argv[6]) : 1);
    std::deque<load::PingPong<Connection>> loads;
    for (std::size_t i = 0; i < threads; ++i) {
        loads.emplace_back(port, connections / threads, request, reply);
    }
    load::measure(loads, server_clock, seconds);
}
