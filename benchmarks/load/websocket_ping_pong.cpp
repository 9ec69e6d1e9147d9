// Loads a WebSocket echo server on loopback with binary messages, as ping_pong.cpp does it with
// bytes:
//
//     websocket_ping_pong PORT SERVER_PID CONNECTIONS SECONDS BYTES

#include <utility>

#include "ping_pong.hpp"

namespace {

/// Has done the opening handshake.
class Connection {
public:
    Connection(std::uint16_t port, std::size_t number) : fd_(load::connect_to(port, number)) {
        load::send_all(fd_, "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n"
                            "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                            "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n");
        const std::string answer = load::receive(fd_, [](const std::string& received) {
            return received.find("\r\n\r\n") != std::string::npos;
        });
        if (answer.rfind("HTTP/1.1 101", 0) != 0) load::fail("the handshake is refused");
    }
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

/// A frame of at most 125 bytes; a client's is masked.
std::string frame_of(const std::string& payload, bool is_masked) {
    constexpr char mask[] = {0x12, 0x34, 0x56, 0x78};
    std::string frame = "\x82";
    frame += static_cast<char>((is_masked ? 0x80U : 0U) | payload.size());
    if (is_masked) frame.append(mask, sizeof mask);
    for (std::size_t i = 0; i < payload.size(); ++i) {
        frame += static_cast<char>(is_masked ? payload[i] ^ mask[i % 4] : payload[i]);
    }
    return frame;
}

} // namespace

int main(int argc, char** argv) {
    if (argc != 6 || std::atoi(argv[5]) > 125) {
        return std::fprintf(stderr,
                            "usage: %s PORT SERVER_PID CONNECTIONS SECONDS BYTES (<= 125)\n",
                            argv[0]),
               2;
    }
    const clockid_t server_clock = load::cpu_clock_of(argv[2]);
    const auto connections = static_cast<std::size_t>(std::atoi(argv[3]));
    load::allow_descriptors(connections);
    const std::string payload = load::letters(argv[5]);
    std::deque<load::PingPong<Connection>> loads;
    loads.emplace_back(static_cast<std::uint16_t>(std::atoi(argv[1])), connections,
                       frame_of(payload, true), frame_of(payload, false));
    load::measure(loads, server_clock, std::atof(argv[4]));
}
