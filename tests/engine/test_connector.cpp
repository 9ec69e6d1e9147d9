#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <dirent.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "engine/connector.hpp"
#include "support/drive_reactor.hpp"

namespace hocket::engine {
namespace {

using namespace hocket::engine::testing;

constexpr Nanoseconds millisecond = 1'000'000;

struct Outcome final : ConnectSink {
    Socket socket;
    SocketAddress peer;
    std::vector<Failure> failures;
    int calls = 0;

    void on_connected(Socket connected, const SocketAddress& address) noexcept override {
        ++calls;
        socket = std::move(connected);
        peer = address;
    }
    void on_connect_failed(std::vector<Failure> why) noexcept override {
        ++calls;
        failures = std::move(why);
    }
};

std::size_t open_descriptors() {
    const std::filesystem::directory_iterator fds("/proc/self/fd");
    return static_cast<std::size_t>(std::distance(begin(fds), end(fds)));
}

SocketAddress refusing_address() {
    return bound_socket().local_address(); // closed again, so nobody listens there
}

/// An address where a connect hangs, because the listener's backlog is full.
class Blackhole {
public:
    Blackhole() : listening_(bound_socket(0)) {
        std::error_code error;
        do {
            fillers_.push_back(Socket::create(AF_INET, SOCK_STREAM, 0, error));
            static_cast<void>(fillers_.back().connect(address()));
        } while (fillers_.back().peer_address().is_known()); // a loopback connect is immediate
    }
    [[nodiscard]] SocketAddress address() const { return listening_.local_address(); }

private:
    Socket listening_;
    std::vector<Socket> fillers_;
};

TEST(Connector, ConnectsToAListener) {
    Reactor reactor;
    Outcome outcome;
    const Socket listening = bound_socket(8);
    Connector connector(reactor, outcome);
    connector.start({{listening.local_address()}, {}, {}});
    EXPECT_EQ(outcome.calls, 0);
    ASSERT_TRUE(run_until(reactor, [&] { return outcome.calls == 1; }));
    EXPECT_EQ(outcome.socket.peer_address(), listening.local_address());
    EXPECT_EQ(outcome.peer, listening.local_address());
    EXPECT_FALSE(connector.is_pending());
}

TEST(Connector, ConnectsToAUnixSocketAndNeverAnswersFromWithinStart) {
    Reactor reactor;
    Outcome outcome;
    std::error_code error;
    Socket listening = Socket::create(AF_UNIX, SOCK_STREAM, 0, error);
    ASSERT_FALSE(listening.bind(*SocketAddress::from_unix_path(std::string("\0hocket-test-", 13) +
                                                               std::to_string(::getpid()))));
    ASSERT_FALSE(listening.listen(8));
    Connector connector(reactor, outcome);
    connector.start({{listening.local_address()}, {}, {}});
    EXPECT_EQ(outcome.calls, 0);
    ASSERT_TRUE(run_until(reactor, [&] { return outcome.calls == 1; }));
    EXPECT_TRUE(outcome.socket.is_open());
}

TEST(Connector, ARefusedConnectionNamesTheCallAndTheAddress) {
    Reactor reactor;
    Outcome outcome;
    const SocketAddress nobody = refusing_address();
    Connector connector(reactor, outcome);
    connector.start({{nobody}, {}, {}});
    ASSERT_TRUE(run_until(reactor, [&] { return outcome.calls == 1; }));
    ASSERT_EQ(outcome.failures.size(), 1U);
    EXPECT_EQ(outcome.failures[0].code, std::errc::connection_refused);
    EXPECT_EQ(outcome.failures[0].message(), "connect to 127.0.0.1 port " +
                                                 std::to_string(nobody.port()) +
                                                 ": Connection refused");
}

TEST(Connector, TriesTheNextAddressAfterAFailure) {
    Reactor reactor;
    Outcome outcome;
    const Socket listening = bound_socket(8);
    Connector connector(reactor, outcome);
    connector.start({{refusing_address(), listening.local_address()}, {}, {}});
    ASSERT_TRUE(run_until(reactor, [&] { return outcome.calls == 1; }));
    EXPECT_EQ(outcome.peer, listening.local_address());
}

TEST(Connector, ReportsEveryAddressWhenAllFail) {
    Reactor reactor;
    Outcome outcome;
    const SocketAddress first = refusing_address();
    const SocketAddress second = *SocketAddress::from_unix_path("/nonexistent/hocket.sock");
    Connector connector(reactor, outcome);
    connector.start({{first, second}, {}, {}});
    ASSERT_TRUE(run_until(reactor, [&] { return outcome.calls == 1; }));
    ASSERT_EQ(outcome.failures.size(), 2U);
    const Failure all = combine_failures(outcome.failures);
    EXPECT_EQ(all.message(), "connect to any of 2 addresses (connect to " + first.text() +
                                 ": Connection refused; connect to /nonexistent/hocket.sock: No "
                                 "such file or directory): Connection refused");
}

TEST(Connector, NoAddressesAtAllIsAFailureToo) {
    Reactor reactor;
    Outcome outcome;
    Connector connector(reactor, outcome);
    connector.start({});
    ASSERT_TRUE(run_until(reactor, [&] { return outcome.calls == 1; }));
    EXPECT_EQ(outcome.failures.size(), 1U);
}

TEST(Connector, HappyEyeballsDoNotWaitForAnAddressThatHangs) {
    Reactor reactor;
    Outcome outcome;
    const Blackhole hole;
    const Socket listening = bound_socket(8);
    Connector connector(reactor, outcome);
    const Nanoseconds start = Reactor::now();
    connector.start({{hole.address(), listening.local_address()}, {}, 30 * millisecond});
    ASSERT_TRUE(run_until(reactor, [&] { return outcome.calls == 1; }));
    EXPECT_EQ(outcome.peer, listening.local_address());
    EXPECT_GE(Reactor::now() - start, 30 * millisecond);
}

TEST(Connector, HappyEyeballsGoOnAtOnceAfterAFailure) {
    Reactor reactor;
    Outcome outcome;
    const Socket listening = bound_socket(8);
    Connector connector(reactor, outcome);
    const Nanoseconds start = Reactor::now();
    connector.start({{refusing_address(), listening.local_address()}, {}, 10'000 * millisecond});
    ASSERT_TRUE(run_until(reactor, [&] { return outcome.calls == 1; }));
    EXPECT_EQ(outcome.peer, listening.local_address());
    EXPECT_LT(Reactor::now() - start, 5000 * millisecond);
}

TEST(Connector, WithoutHappyEyeballsItWaitsForTheFirstAddress) {
    Reactor reactor;
    Outcome outcome;
    const Blackhole hole;
    const Socket listening = bound_socket(8);
    Connector connector(reactor, outcome);
    connector.start({{hole.address(), listening.local_address()}, {}, {}});
    EXPECT_FALSE(run_until(
        reactor, [&] { return outcome.calls == 1; }, std::chrono::milliseconds(100)));
    EXPECT_TRUE(connector.is_pending());
}

TEST(Connector, ConnectsFromTheLocalAddressItIsGiven) {
    Reactor reactor;
    Outcome outcome;
    const Socket listening = bound_socket(8);
    const SocketAddress local = *SocketAddress::from_ip("127.0.0.2", 0);
    Connector connector(reactor, outcome);
    connector.start({{listening.local_address()}, {local}, {}});
    ASSERT_TRUE(run_until(reactor, [&] { return outcome.calls == 1; }));
    EXPECT_EQ(outcome.socket.local_address().host(), "127.0.0.2");
}

TEST(Connector, ALocalAddressOfTheWrongFamilyOrNotOursIsAFailure) {
    Reactor reactor;
    Outcome outcome;
    const Socket listening = bound_socket(8);
    const SocketAddress v6 = *SocketAddress::from_ip("::1", 0);
    Connector connector(reactor, outcome);
    connector.start({{listening.local_address()}, {v6}, {}});
    ASSERT_TRUE(run_until(reactor, [&] { return outcome.calls == 1; }));
    EXPECT_EQ(outcome.failures[0].code, std::errc::address_family_not_supported);

    const SocketAddress foreign = *SocketAddress::from_ip("192.0.2.1", 0);
    connector.start({{listening.local_address()}, {foreign}, {}});
    ASSERT_TRUE(run_until(reactor, [&] { return outcome.calls == 2; }));
    EXPECT_EQ(outcome.failures[0].what, "bind to 192.0.2.1 port 0");
}

TEST(Connector, CancellingInEachPhaseLeaksNoDescriptor) {
    Reactor reactor;
    Outcome outcome;
    const Blackhole hole;
    const Socket listening = bound_socket(8);
    const ConnectPlan plan{
        {hole.address(), hole.address(), listening.local_address()}, {}, 5 * millisecond};
    const std::size_t before = open_descriptors();
    for (int turns = 0; turns < 4; ++turns) {
        Connector connector(reactor, outcome);
        connector.start(plan);
        for (int i = 0; i < turns; ++i) {
            reactor.poll(true); // the next phase: another attempt begins or one succeeds
        }
        if (outcome.calls != 0) {
            break;
        }
        connector.cancel();
        EXPECT_FALSE(connector.is_pending());
        EXPECT_EQ(open_descriptors(), before);
        run_turns(reactor);
        EXPECT_EQ(outcome.calls, 0);
    }
    {
        Connector at_once(reactor, outcome); // succeeded, but not reported yet
        at_once.start(
            {{refusing_address(), *SocketAddress::from_unix_path("/nonexistent")}, {}, {}});
    }
    outcome.socket.close();
    run_turns(reactor);
    EXPECT_EQ(open_descriptors(), before);
    EXPECT_EQ(reactor.poller().size(), 2U); // the inbox and the timerfd
}

TEST(Connector, MayBeDestroyedByItsSink) {
    struct Dropper final : ConnectSink {
        std::unique_ptr<Connector> connector;
        void on_connected(Socket, const SocketAddress&) noexcept override { connector.reset(); }
        void on_connect_failed(std::vector<Failure>) noexcept override { connector.reset(); }
    } dropper;
    Reactor reactor;
    const Socket listening = bound_socket(8);
    for (const SocketAddress& address : {listening.local_address(), refusing_address()}) {
        dropper.connector = std::make_unique<Connector>(reactor, dropper);
        dropper.connector->start({{address}, {}, {}});
        ASSERT_TRUE(run_until(reactor, [&] { return dropper.connector == nullptr; }));
    }
}

TEST(InterleaveFamilies, LetsTheFamiliesTakeTurns) {
    const auto v4 = [](std::uint16_t port) { return *SocketAddress::from_ip("127.0.0.1", port); };
    const auto v6 = [](std::uint16_t port) { return *SocketAddress::from_ip("::1", port); };
    const std::vector<SocketAddress> given{v6(1), v6(2), v6(3), v4(1), v4(2)};
    // Python's result: base_events._interleave_addrinfos(infos, n).
    EXPECT_EQ(interleave_families(given, 1),
              (std::vector<SocketAddress>{v6(1), v4(1), v6(2), v4(2), v6(3)}));
    EXPECT_EQ(interleave_families(given, 2),
              (std::vector<SocketAddress>{v6(1), v6(2), v4(1), v6(3), v4(2)}));
    EXPECT_EQ(interleave_families(given, 9),
              (std::vector<SocketAddress>{v6(1), v6(2), v6(3), v4(1), v4(2)}));
    EXPECT_TRUE(interleave_families({}, 1).empty());
}

} // namespace
} // namespace hocket::engine
