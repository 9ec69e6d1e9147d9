#include <functional>
#include <memory>
#include <vector>

#include <sys/resource.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "engine/listener.hpp"
#include "support/drive_reactor.hpp"

namespace hocket::engine {
namespace {

using namespace hocket::engine::testing;

struct Guests final : AcceptSink {
    std::vector<Socket> sockets;
    std::vector<SocketAddress> peers;
    std::vector<Failure> failures;
    std::function<void()> when_accepted;

    void on_accept(Socket socket, const SocketAddress& peer) noexcept override {
        sockets.push_back(std::move(socket));
        peers.push_back(peer);
        if (when_accepted) {
            when_accepted();
        }
    }
    void on_accept_failed(const Failure& failure) noexcept override { failures.push_back(failure); }
};

Socket connect_to(const Listener& listener) {
    std::error_code error;
    Socket client = Socket::create(AF_INET, SOCK_STREAM, 0, error);
    EXPECT_FALSE(error);
    set_blocking(client);
    EXPECT_FALSE(client.connect(listener.socket().local_address()));
    return client;
}

TEST(Listener, AcceptsConnectionsWithTheirPeersAddress) {
    Reactor reactor;
    Guests guests;
    Listener listener(reactor, bound_socket(), guests);
    ASSERT_FALSE(listener.start(100));
    const Socket client = connect_to(listener);
    ASSERT_TRUE(run_until(reactor, [&] { return guests.sockets.size() == 1; }));
    EXPECT_EQ(guests.peers[0], client.local_address());
    send_all(client, "hi");
    EXPECT_EQ(read_some(guests.sockets[0]), "hi");
}

TEST(Listener, AcceptsManyInOneTurn) {
    Reactor reactor;
    Guests guests;
    Listener listener(reactor, bound_socket(), guests);
    ASSERT_FALSE(listener.start(100));
    std::vector<Socket> clients;
    for (int i = 0; i < 50; ++i) {
        clients.push_back(connect_to(listener));
    }
    reactor.poll(true);
    EXPECT_EQ(guests.sockets.size(), 50U);
}

TEST(Listener, StopsAndClosesItsSocket) {
    Reactor reactor;
    Guests guests;
    Listener listener(reactor, bound_socket(), guests);
    ASSERT_FALSE(listener.start(100));
    const SocketAddress address = listener.socket().local_address();
    listener.stop();
    EXPECT_FALSE(listener.is_listening());
    std::error_code error;
    Socket client = Socket::create(AF_INET, SOCK_STREAM, 0, error);
    set_blocking(client);
    EXPECT_EQ(client.connect(address), std::errc::connection_refused);
}

TEST(Listener, MayBeStoppedOrDestroyedWhileItAccepts) {
    Reactor reactor;
    Guests guests;
    auto listener = std::make_unique<Listener>(reactor, bound_socket(), guests);
    ASSERT_FALSE(listener->start(100));
    guests.when_accepted = [&] { listener->stop(); };
    const Socket first = connect_to(*listener);
    const Socket second = connect_to(*listener);
    ASSERT_TRUE(run_until(reactor, [&] { return !guests.sockets.empty(); }));
    EXPECT_EQ(guests.sockets.size(), 1U);

    listener = std::make_unique<Listener>(reactor, bound_socket(), guests);
    ASSERT_FALSE(listener->start(100));
    guests.when_accepted = [&] { listener.reset(); };
    const Socket third = connect_to(*listener);
    const Socket fourth = connect_to(*listener);
    ASSERT_TRUE(run_until(reactor, [&] { return listener == nullptr; }));
    EXPECT_EQ(guests.sockets.size(), 2U);
}

/// While it exists, no descriptor is free.
class NoDescriptors {
public:
    NoDescriptors() {
        ::getrlimit(RLIMIT_NOFILE, &before_);
        const rlimit low{64, before_.rlim_max};
        ::setrlimit(RLIMIT_NOFILE, &low);
        for (int fd = ::dup(0); fd >= 0; fd = ::dup(0)) {
            taken_.push_back(fd);
        }
    }
    ~NoDescriptors() {
        for (const int fd : taken_) {
            ::close(fd);
        }
        ::setrlimit(RLIMIT_NOFILE, &before_);
    }
    void free_one() {
        ::close(taken_.back());
        taken_.pop_back();
    }

private:
    rlimit before_{};
    std::vector<int> taken_;
};

TEST(Listener, RestsWhenDescriptorsRunOutTellsOnceAndRecovers) {
    Reactor reactor;
    Guests guests;
    Listener listener(reactor, bound_socket(), guests);
    ASSERT_FALSE(listener.start(100));
    const Socket first = connect_to(listener);
    const Socket second = connect_to(listener);
    int turns = 0;
    {
        NoDescriptors none;
        // Longer than one pause: it is still reported only once, and the loop sleeps meanwhile.
        EXPECT_FALSE(run_until(
            reactor,
            [&] {
                ++turns;
                return false;
            },
            std::chrono::nanoseconds(Listener::retry_delay * 3 / 2)));
        EXPECT_TRUE(guests.sockets.empty());
        ASSERT_EQ(guests.failures.size(), 1U);
        EXPECT_EQ(guests.failures[0].code, std::errc::too_many_files_open);
        EXPECT_EQ(guests.failures[0].what, "accept on " + listener.socket().local_address().text());
        EXPECT_LE(turns, 10);
        EXPECT_TRUE(listener.is_listening());
        none.free_one();
        ASSERT_TRUE(run_until(reactor, [&] { return guests.sockets.size() == 1; }));
    }
    ASSERT_TRUE(run_until(reactor, [&] { return guests.sockets.size() == 2; }));
    // The first success ended that shortage, so the next one is reported again.
    EXPECT_EQ(guests.failures.size(), 2U);
}

} // namespace
} // namespace hocket::engine
