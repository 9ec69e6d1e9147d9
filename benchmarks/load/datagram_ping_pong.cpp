// Loads a datagram echo server on loopback. A fixed number of datagrams is in flight; each answer
// triggers the next one. Prints the server's CPU time for each datagram, and the number of
// datagrams per second.
//
//     datagram_ping_pong PORT SERVER_PID IN_FLIGHT SECONDS BYTES

#include <poll.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "../measure.hpp"
#include "client.hpp"

namespace {

class PingPong {
public:
    PingPong(std::uint16_t port, unsigned in_flight, std::size_t bytes)
        : in_flight_(in_flight), sent_(bytes, 'x'), received_(most * largest, 0) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        if (::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
            load::fail("connect");
        for (unsigned i = 0; i < most; ++i) {
            outgoing_[i] = {};
            incoming_[i] = {};
            out_ = {sent_.data(), sent_.size()};
            in_[i] = {received_.data() + i * largest, largest};
            outgoing_[i].msg_hdr.msg_iov = &out_;
            incoming_[i].msg_hdr.msg_iov = &in_[i];
            outgoing_[i].msg_hdr.msg_iovlen = incoming_[i].msg_hdr.msg_iovlen = 1;
        }
    }

    /// Sends requests until the server answers; it may need time to start.
    void wait_until_serving() {
        pollfd readable{fd_, POLLIN, 0};
        for (int i = 0; i < 100; ++i) {
            ::send(fd_, sent_.data(), sent_.size(), 0);
            if (::poll(&readable, 1, 50) == 1 && receive() > 0) {
                while (::poll(&readable, 1, 100) == 1) receive(); // answers to the other requests
                return;
            }
            ::usleep(50'000);
        }
        std::fprintf(stderr, "the server does not answer\n"), std::exit(1);
    }

    /// Continues for `seconds`. Returns the number of answers. It polls instead of sleeping,
    /// because otherwise the server's send would include waking this process.
    std::size_t run_for(double seconds) {
        send(in_flight_);
        const double end = bench::nanoseconds(CLOCK_MONOTONIC) + seconds * 1e9;
        double heard = bench::nanoseconds(CLOCK_MONOTONIC);
        std::size_t answers = 0;
        for (double now = heard; now < end; now = bench::nanoseconds(CLOCK_MONOTONIC)) {
            if (const unsigned came = receive(); came > 0) {
                answers += came;
                heard = now;
                send(came);
            } else if (now - heard > 1e9) {
                std::fprintf(stderr, "the server stayed silent\n"), std::exit(1);
            }
        }
        for (unsigned left = in_flight_; left > 0;) {
            pollfd readable{fd_, POLLIN, 0};
            if (::poll(&readable, 1, 1000) != 1) load::fail("the server stayed silent");
            left -= std::min(left, receive());
        }
        return answers;
    }

private:
    void send(unsigned count) {
        for (unsigned sent = 0; sent < count;) {
            const int now = ::sendmmsg(fd_, outgoing_.data(), count - sent, 0);
            if (now < 0) load::fail("sendmmsg");
            sent += static_cast<unsigned>(now);
        }
    }
    unsigned receive() {
        const int came = ::recvmmsg(fd_, incoming_.data(), most, MSG_DONTWAIT, nullptr);
        // ECONNREFUSED comes from a datagram sent before the server was listening.
        if (came < 0 && errno != EAGAIN && errno != ECONNREFUSED) load::fail("recvmmsg");
        for (int i = 0; i < came; ++i) {
            const bool right = incoming_[static_cast<unsigned>(i)].msg_len == sent_.size() &&
                               std::memcmp(in_[static_cast<unsigned>(i)].iov_base, sent_.data(),
                                           sent_.size()) == 0;
            if (!right) std::fprintf(stderr, "the answer is not the one expected\n"), std::exit(1);
        }
        return came < 0 ? 0 : static_cast<unsigned>(came);
    }

    static constexpr unsigned most = 64;
    static constexpr std::size_t largest = 2048;

    int fd_ = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    unsigned in_flight_;
    std::string sent_;
    std::string received_;
    iovec out_{};
    std::array<iovec, most> in_;
    std::array<mmsghdr, most> outgoing_, incoming_;
};

} // namespace

int main(int argc, char** argv) {
    if (argc != 6) {
        return std::fprintf(stderr, "usage: %s PORT SERVER_PID IN_FLIGHT SECONDS BYTES\n", argv[0]),
               2;
    }
    const double seconds = std::atof(argv[4]);
    clockid_t server_clock;
    if (clock_getcpuclockid(std::atoi(argv[2]), &server_clock) != 0)
        load::fail("clock_getcpuclockid");
    static PingPong ping_pong(static_cast<std::uint16_t>(std::atoi(argv[1])),
                              static_cast<unsigned>(std::atoi(argv[3])),
                              static_cast<std::size_t>(std::atoi(argv[5])));
    ping_pong.wait_until_serving();
    ping_pong.run_for(seconds / 4); // warms up the caches
    const double cpu = bench::nanoseconds(server_clock);
    const double began = bench::nanoseconds(CLOCK_MONOTONIC);
    const auto answers = static_cast<double>(ping_pong.run_for(seconds));
    const double took = bench::nanoseconds(CLOCK_MONOTONIC) - began;
    const double spent = bench::nanoseconds(server_clock) - cpu;
    bench::print("cpu", spent / answers, "ns");
    bench::print("rate", answers / took * 1e9, "1/s");
}
