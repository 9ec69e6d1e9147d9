#pragma once

#include <poll.h>
#include <sys/epoll.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <deque>
#include <thread>
#include <vector>

#include "../measure.hpp"
#include "client.hpp"

namespace load {

/// Connections that each send a message, wait for the whole answer, and send the next one.
///
/// A Connection is made from a port and a number. It has `fileno()`, `send_all(bytes)`, and
/// `receive`, which returns what recv returns and never waits. If receive leaves data unread, the
/// descriptor must stay readable.
template <class Connection> class PingPong {
public:
    PingPong(std::uint16_t port, std::size_t connections, std::string request, std::string reply)
        : request_(std::move(request)), reply_(std::move(reply)), received_(connections) {
        connections_.reserve(connections);
        for (std::size_t i = 0; i < connections; ++i) {
            const Connection& connection = connections_.emplace_back(port, i);
            epoll_event event{EPOLLIN, {.u64 = i}};
            if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, connection.fileno(), &event) != 0)
                fail("epoll_ctl");
        }
    }

    /// Waits until every connection has been accepted and answered once, before the messages that
    /// count.
    void start() {
        for (std::size_t i = 0; i < connections_.size(); ++i) {
            connections_[i].send_all(request_);
            take_answer(i);
        }
        for (Connection& connection : connections_) connection.send_all(request_);
    }

    /// Continues for `seconds`, or longer on a busy machine until there is an answer. Returns the
    /// number of complete answers. It polls instead of sleeping, because otherwise the server's
    /// send would include waking this process, depending on which of the two happens to be faster.
    std::size_t run_for(double seconds) {
        const double end = bench::nanoseconds(CLOCK_MONOTONIC) + seconds * 1e9;
        epoll_event events[256];
        std::size_t answers = 0;
        for (double now = 0; now < end || (answers == 0 && now < end + 5e9);
             now = bench::nanoseconds(CLOCK_MONOTONIC)) {
            const int ready = ::epoll_wait(epoll_, events, 256, 0);
            if (ready < 0) fail("epoll_wait");
            for (int i = 0; i < ready; ++i) {
                if (!receive(events[i].data.u64)) continue;
                ++answers;
                connections_[events[i].data.u64].send_all(request_);
            }
        }
        if (answers == 0) std::fprintf(stderr, "the server stayed silent\n"), std::exit(1);
        return answers;
    }

    /// Receives the answers that are still in flight, so that no connection ends with a reset.
    void finish() {
        for (std::size_t i = 0; i < connections_.size(); ++i) take_answer(i);
        connections_.clear();
    }

private:
    void take_answer(std::size_t number) {
        pollfd readable{connections_[number].fileno(), POLLIN, 0};
        while (!receive(number)) {
            if (::poll(&readable, 1, 5000) != 1) fail("the server stayed silent");
        }
    }

    /// Returns true if this was the last piece of an answer.
    bool receive(std::size_t number) {
        const ssize_t length = connections_[number].receive(buffer_, sizeof buffer_);
        if (length < 0 && errno == EAGAIN) return false;
        if (length <= 0) fail("the server closed the connection");
        std::size_t& received = received_[number];
        const auto came = static_cast<std::size_t>(length);
        // HTTP answers may differ in a Date field. An echo must be identical. The length is checked
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
    std::vector<Connection> connections_;
    std::vector<std::size_t> received_;
    int epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
    char buffer_[65536];
};

inline clockid_t cpu_clock_of(const char* process) {
    clockid_t clock;
    if (clock_getcpuclockid(std::atoi(process), &clock) != 0) fail("clock_getcpuclockid");
    return clock;
}

/// A text of `count` bytes; `count` is a decimal number.
inline std::string letters(const char* count) {
    std::string text;
    for (int i = 0, bytes = std::atoi(count); i < bytes; ++i)
        text += static_cast<char>('a' + i % 26);
    return text;
}

/// Runs all loads at the same time, each in its own thread. Returns the number of answers.
template <class Connection>
std::size_t run_side_by_side(std::deque<PingPong<Connection>>& loads, double seconds) {
    std::atomic<std::size_t> answers = 0;
    std::vector<std::jthread> others;
    for (std::size_t i = 1; i < loads.size(); ++i) {
        others.emplace_back([&, i] { answers += loads[i].run_for(seconds); });
    }
    answers += loads.front().run_for(seconds);
    others.clear(); // waits for them
    return answers;
}

/// Prints the server's CPU time for each message, and the number of messages per second.
template <class Connection>
void measure(std::deque<PingPong<Connection>>& loads, clockid_t server_clock, double seconds) {
    for (auto& load : loads) load.start();
    run_side_by_side(loads, seconds / 4); // warms up the caches
    const double cpu = bench::nanoseconds(server_clock);
    const double began = bench::nanoseconds(CLOCK_MONOTONIC);
    const auto messages = static_cast<double>(run_side_by_side(loads, seconds));
    const double took = bench::nanoseconds(CLOCK_MONOTONIC) - began;
    const double spent = bench::nanoseconds(server_clock) - cpu;
    for (auto& load : loads) load.finish();
    bench::print("cpu", spent / messages, "ns");
    bench::print("rate", messages / took * 1e9, "1/s");
}

} // namespace load
