// Loads an echo or HTTP server on loopback: each connection sends a message, waits for all of the
// answer, and sends the next. Prints what a message costs the server in CPU time, and how many
// there were in a second.
//
//     ping_pong PORT SERVER_PID CONNECTIONS SECONDS BYTES      echo
//     ping_pong PORT SERVER_PID CONNECTIONS SECONDS /target    HTTP

#include <poll.h>
#include <sys/epoll.h>

#include <algorithm>
#include <cerrno>

#include "../measure.hpp"
#include "client.hpp"

namespace {

class PingPong {
public:
    PingPong(std::uint16_t port, std::size_t connections, std::string request, std::string reply)
        : request_(std::move(request)), reply_(std::move(reply)), received_(connections) {
        for (std::size_t i = 0; i < connections; ++i) {
            fds_.push_back(load::connect_to(port, i));
            epoll_event event{EPOLLIN, {.u64 = i}};
            if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, fds_.back(), &event) != 0)
                load::fail("epoll_ctl");
        }
    }

    /// Every connection has been accepted and answered once before the messages that count.
    void start() {
        for (const int fd : fds_) load::exchange(fd, request_, reply_.size());
        for (const int fd : fds_) load::send_all(fd, request_);
    }

    /// Goes on for `seconds`; returns how many answers came whole. It asks again and again rather
    /// than sleep: the server would pay, in its send, for waking this process, and by how much
    /// would depend on which of the two happened to be faster.
    std::size_t run_for(double seconds) {
        const double end = bench::nanoseconds(CLOCK_MONOTONIC) + seconds * 1e9;
        epoll_event events[256];
        std::size_t answers = 0;
        while (bench::nanoseconds(CLOCK_MONOTONIC) < end) {
            const int ready = ::epoll_wait(epoll_, events, 256, 0);
            if (ready < 0) load::fail("epoll_wait");
            for (int i = 0; i < ready; ++i) {
                if (!receive(events[i].data.u64)) continue;
                ++answers;
                load::send_all(fds_[events[i].data.u64], request_);
            }
        }
        if (answers == 0) std::fprintf(stderr, "the server stayed silent\n"), std::exit(1);
        return answers;
    }

    /// Takes the answers still under way, so that no connection ends in a reset.
    void finish() {
        for (std::size_t i = 0; i < fds_.size(); ++i) {
            pollfd readable{fds_[i], POLLIN, 0};
            while (!receive(i)) {
                if (::poll(&readable, 1, 5000) != 1) load::fail("the server stayed silent");
            }
            ::close(fds_[i]);
        }
    }

private:
    /// True when this was the last piece of an answer.
    bool receive(std::size_t number) {
        const ssize_t length = ::recv(fds_[number], buffer_, sizeof buffer_, MSG_DONTWAIT);
        if (length < 0 && errno == EAGAIN) return false;
        if (length <= 0) load::fail("the server closed the connection");
        std::size_t& received = received_[number];
        const auto came = static_cast<std::size_t>(length);
        // HTTP answers may differ in a Date field; an echo must be exact, and the length is checked
        // for both.
        const bool right =
            received + came <= reply_.size() &&
            (request_ != reply_ || std::equal(buffer_, buffer_ + came, reply_.data() + received));
        if (!right) {
            std::fprintf(stderr, "the answer is not the one expected\n");
            std::exit(1);
        }
        received += came;
        if (received < reply_.size()) return false;
        received = 0;
        return true;
    }

    std::string request_;
    std::string reply_;
    std::vector<int> fds_;
    std::vector<std::size_t> received_;
    int epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
    char buffer_[65536];
};

} // namespace

int main(int argc, char** argv) {
    if (argc != 6) {
        return std::fprintf(stderr, "usage: %s PORT SERVER_PID CONNECTIONS SECONDS BYTES|/target\n",
                            argv[0]),
               2;
    }
    const auto port = static_cast<std::uint16_t>(std::atoi(argv[1]));
    const auto connections = static_cast<std::size_t>(std::atoi(argv[3]));
    const double seconds = std::atof(argv[4]);
    clockid_t server_clock;
    if (clock_getcpuclockid(std::atoi(argv[2]), &server_clock) != 0)
        load::fail("clock_getcpuclockid");
    load::allow_descriptors(connections);

    std::string request, reply;
    if (argv[5][0] == '/') {
        request = load::http_request(argv[5]);
        const int fd = load::connect_to(port);
        reply = load::http_exchange(fd, request);
        ::close(fd);
    } else {
        for (int i = 0, bytes = std::atoi(argv[5]); i < bytes; ++i)
            request += static_cast<char>('a' + i % 26);
        reply = request;
    }

    static PingPong ping_pong(port, connections, request, reply);
    ping_pong.start();
    ping_pong.run_for(seconds / 4); // caches warm
    const double cpu = bench::nanoseconds(server_clock);
    const double began = bench::nanoseconds(CLOCK_MONOTONIC);
    const auto messages = static_cast<double>(ping_pong.run_for(seconds));
    const double took = bench::nanoseconds(CLOCK_MONOTONIC) - began;
    const double spent = bench::nanoseconds(server_clock) - cpu;
    ping_pong.finish();
    bench::print("cpu", spent / messages, "ns");
    bench::print("rate", messages / took * 1e9, "1/s");
}
