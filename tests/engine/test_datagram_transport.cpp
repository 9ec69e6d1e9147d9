#include <array>
#include <deque>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include <dlfcn.h>
#include <sys/resource.h>

#include <gmock/gmock.h>
#include <netinet/in.h>

#include <gtest/gtest.h>

#include "engine/datagram_batch.hpp"
#include "engine/datagram_transport.hpp"
#include "support/datagram_sockets.hpp"
#include "support/drive_reactor.hpp"

namespace {

// The errors that the next sends return instead of sending, in order.
std::deque<int> injected_errors;
int sendmmsg_calls = 0;

} // namespace

// Replaces the C library's function: definitions in the program itself are found first.
extern "C" int sendmmsg(int fd, mmsghdr* messages, unsigned count, int flags) {
    using Call = int (*)(int, mmsghdr*, unsigned, int);
    static const auto real = reinterpret_cast<Call>(::dlsym(RTLD_NEXT, "sendmmsg"));
    ++sendmmsg_calls;
    if (!injected_errors.empty()) {
        errno = injected_errors.front();
        injected_errors.pop_front();
        return -1;
    }
    return real(fd, messages, count, flags);
}

namespace hocket::engine {
namespace {

using namespace hocket::engine::testing;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::IsEmpty;
using ::testing::StartsWith;

/// Records the callbacks and runs the functions that the test has set.
struct Recorder final : DatagramHandler {
    std::vector<std::string> received;
    SocketAddress from;
    std::vector<Failure> errors;
    int closes = 0;
    int pauses = 0;
    int resumes = 0;
    std::optional<Failure> failure;
    std::function<void(std::string_view, const SocketAddress&)> when_datagram;
    std::function<void()> when_error;
    std::function<void()> when_closed;
    std::function<void()> when_paused;
    std::function<void()> when_resumed;

    void on_datagram(std::string_view data, const SocketAddress& sender) noexcept override {
        received.emplace_back(data);
        from = sender;
        if (when_datagram) {
            when_datagram(data, sender);
        }
    }
    void on_error(const Failure& error) noexcept override {
        errors.push_back(error);
        if (when_error) {
            when_error();
        }
    }
    void on_closed(const Failure* why) noexcept override {
        ++closes;
        if (why != nullptr) {
            failure = *why;
        }
        if (when_closed) {
            when_closed();
        }
    }
    void on_pause_writing() noexcept override {
        ++pauses;
        if (when_paused) {
            when_paused();
        }
    }
    void on_resume_writing() noexcept override {
        ++resumes;
        if (when_resumed) {
            when_resumed();
        }
    }
};

class DatagramTransportTest : public ::testing::Test {
protected:
    void open(Socket socket, const SocketAddress& destination = {}) {
        address = socket.local_address();
        transport =
            std::make_unique<DatagramTransport>(reactor, std::move(socket), destination, handler);
        transport->start();
    }
    /// The transport's socket is connected to `far`, which knows the transport's address.
    void open_connected(Socket near) {
        ASSERT_FALSE(near.connect(far.local_address()));
        open(std::move(near), far.local_address());
    }
    void open_pair() {
        auto [near, other] = unix_datagram_pair();
        far = std::move(other);
        const SocketAddress peer = near.peer_address();
        open(std::move(near), peer);
    }
    /// Runs the loop until `count` datagrams have arrived at the far end.
    std::vector<std::string> read_far(std::size_t count) {
        std::vector<std::string> all;
        EXPECT_TRUE(run_until(reactor, [&] {
            for (std::string each = receive_datagram(far); each != "(nothing)";
                 each = receive_datagram(far)) {
                all.push_back(std::move(each));
            }
            reactor.wake(); // do not wait forever between two reads at the far end
            return all.size() >= count;
        }));
        return all;
    }
    [[nodiscard]] bool run_until_received(std::size_t count) {
        return run_until(reactor, [&] { return handler.received.size() >= count; });
    }
    void SetUp() override {
        injected_errors.clear();
        sendmmsg_calls = 0;
    }

    Reactor reactor;
    Recorder handler;
    std::unique_ptr<DatagramTransport> transport;
    SocketAddress address;
    Socket far = datagram_socket();
};

TEST_F(DatagramTransportTest, HandsOverWhatArrivesWithItsSender) {
    open(datagram_socket());
    ASSERT_TRUE(send_datagram(far, "hello", address));
    ASSERT_TRUE(run_until_received(1));
    EXPECT_THAT(handler.received, ElementsAre("hello"));
    EXPECT_EQ(handler.from, far.local_address());
}

TEST_F(DatagramTransportTest, ReceivesNothingBeforeItIsStarted) {
    Socket socket = datagram_socket();
    const SocketAddress to = socket.local_address();
    DatagramTransport idle(reactor, std::move(socket), {}, handler);
    ASSERT_TRUE(send_datagram(far, "early", to));
    run_turns(reactor);
    EXPECT_THAT(handler.received, IsEmpty());
    idle.start();
    ASSERT_TRUE(run_until_received(1));
}

TEST_F(DatagramTransportTest, SpeaksIPv6) {
    far = datagram_socket("::1");
    open(datagram_socket("::1"));
    ASSERT_TRUE(send_datagram(far, "six", address));
    ASSERT_TRUE(run_until_received(1));
    EXPECT_EQ(handler.from, far.local_address());
    transport->send("and back", handler.from);
    EXPECT_THAT(read_far(1), ElementsAre("and back"));
}

TEST_F(DatagramTransportTest, SpeaksToUnixSockets) {
    far = unix_datagram_socket();
    open(unix_datagram_socket());
    ASSERT_TRUE(send_datagram(far, "local", address));
    ASSERT_TRUE(run_until_received(1));
    EXPECT_EQ(handler.from, far.local_address());
    transport->send("and back", handler.from);
    EXPECT_THAT(read_far(1), ElementsAre("and back"));
}

TEST_F(DatagramTransportTest, AUnixSocketWithoutANameIsAnUnknownSender) {
    open(unix_datagram_socket());
    ASSERT_TRUE(send_datagram(unix_datagram_socket(false), "who?", address));
    ASSERT_TRUE(run_until_received(1));
    EXPECT_FALSE(handler.from.is_known());
}

TEST_F(DatagramTransportTest, SendsAndReceivesEmptyDatagrams) {
    open(datagram_socket());
    transport->send("", far.local_address());
    EXPECT_EQ(transport->write_buffer_size(), 8u);
    EXPECT_THAT(read_far(1), ElementsAre(""));
    ASSERT_TRUE(send_datagram(far, "", address));
    ASSERT_TRUE(run_until_received(1));
    EXPECT_THAT(handler.received, ElementsAre(""));
}

TEST_F(DatagramTransportTest, SendsAndReceivesTheLargestDatagram) {
    open_connected(datagram_socket());
    const std::string largest(65507, 'x');
    transport->send(largest);
    EXPECT_THAT(read_far(1), ElementsAre(largest));
    ASSERT_TRUE(send_datagram(far, largest, address));
    ASSERT_TRUE(run_until_received(1));
    EXPECT_THAT(handler.received, ElementsAre(largest));
}

TEST_F(DatagramTransportTest, WhatIsSentInOneTurnLeavesInOneCall) {
    open(datagram_socket());
    Socket other = datagram_socket();
    for (int i = 0; i < 32; ++i) {
        transport->send("number " + std::to_string(i), far.local_address());
        transport->send("another", other.local_address());
    }
    EXPECT_EQ(receive_datagram(far), "(nothing)");
    const std::vector<std::string> all = read_far(32);
    for (std::size_t i = 0; i < all.size(); ++i) {
        EXPECT_EQ(all[i], "number " + std::to_string(i));
    }
    EXPECT_EQ(receive_datagram(other), "another");
    EXPECT_EQ(sendmmsg_calls, 1);
}

TEST_F(DatagramTransportTest, AnswersToABatchLeaveInOneCall) {
    open(datagram_socket());
    handler.when_datagram = [&](std::string_view data, const SocketAddress& from) {
        transport->send(data, from);
    };
    for (int i = 0; i < 60; ++i) {
        ASSERT_TRUE(send_datagram(far, std::to_string(i), address));
    }
    EXPECT_EQ(read_far(60).size(), 60u);
    EXPECT_EQ(sendmmsg_calls, 1);
}

TEST_F(DatagramTransportTest, OneSocketGetsABatchATurn) {
    open(datagram_socket());
    const std::size_t batch = reactor.datagrams().capacity();
    for (std::size_t i = 0; i < 2 * batch; ++i) {
        ASSERT_TRUE(send_datagram(far, "x", address));
    }
    run_turns(reactor, 1);
    EXPECT_EQ(handler.received.size(), batch);
    EXPECT_TRUE(run_until_received(2 * batch));
}

TEST_F(DatagramTransportTest, ARefusalIsReportedAndTheTransportGoesOn) {
    Socket later = datagram_socket();
    const SocketAddress nobody = later.local_address();
    later.close();
    Socket near = datagram_socket();
    ASSERT_FALSE(near.connect(nobody));
    open(std::move(near), nobody);
    transport->send("anybody?");
    ASSERT_TRUE(run_until(reactor, [&] { return !handler.errors.empty(); }));
    EXPECT_EQ(handler.errors[0].code, std::errc::connection_refused);
    EXPECT_THAT(handler.errors[0].what, EndsWith(nobody.text()));
    EXPECT_FALSE(transport->is_closing());

    std::error_code error;
    far = Socket::create(AF_INET, SOCK_DGRAM, 0, error);
    ASSERT_FALSE(far.bind(nobody));
    transport->send("now?");
    EXPECT_THAT(read_far(1), ElementsAre("now?"));
    EXPECT_EQ(handler.closes, 0);
}

TEST_F(DatagramTransportTest, EachRefusalIsReportedWithItsAddressWhereASocketAsksForThem) {
    Socket later = datagram_socket();
    const SocketAddress nobody = later.local_address();
    later.close();
    Socket near = datagram_socket();
    const int on = 1;
    ASSERT_EQ(::setsockopt(near.fileno(), IPPROTO_IP, IP_RECVERR, &on, sizeof on), 0);
    open(std::move(near));
    transport->send("anybody?", nobody);
    ASSERT_TRUE(run_until(reactor, [&] { return !handler.errors.empty(); }));
    EXPECT_EQ(handler.errors[0].message(), "sendto " + nobody.text() + ": Connection refused");
    run_turns(reactor);
    EXPECT_EQ(handler.errors.size(), 1u);
    EXPECT_EQ(reactor.poller().collect(0), 0) << "the loop would spin";
    EXPECT_FALSE(transport->is_closing());
}

TEST_F(DatagramTransportTest, ARefusalOfAConnectedSocketThatAsksForThemIsReportedOnce) {
    Socket later = datagram_socket();
    const SocketAddress nobody = later.local_address();
    later.close();
    Socket near = datagram_socket();
    const int on = 1;
    ASSERT_EQ(::setsockopt(near.fileno(), IPPROTO_IP, IP_RECVERR, &on, sizeof on), 0);
    ASSERT_FALSE(near.connect(nobody));
    open(std::move(near), nobody);
    transport->send("anybody?");
    ASSERT_TRUE(run_until(reactor, [&] { return !handler.errors.empty(); }));
    run_turns(reactor);
    EXPECT_EQ(handler.errors.size(), 1u);
    EXPECT_EQ(reactor.poller().collect(0), 0) << "the loop would spin";
}

TEST_F(DatagramTransportTest, ARefusedDatagramDoesNotTakeTheNextOneWithIt) {
    open_connected(datagram_socket());
    transport->pause_reading(); // the next send must receive the error
    const SocketAddress there = far.local_address();
    far.close();
    transport->send("refused");
    run_turns(reactor);
    std::error_code error;
    far = Socket::create(AF_INET, SOCK_DGRAM, 0, error);
    ASSERT_FALSE(far.bind(there));
    transport->send("welcome");
    EXPECT_THAT(read_far(1), ElementsAre("welcome"));
    ASSERT_EQ(handler.errors.size(), 1u);
    EXPECT_EQ(handler.errors[0].message(), "send to " + there.text() + ": Connection refused");
}

TEST_F(DatagramTransportTest, ADatagramThatCannotBeSentIsReportedAndTheOthersLeave) {
    open(datagram_socket());
    transport->send("one", far.local_address());
    transport->send(std::string(70'000, 'x'), far.local_address());
    transport->send("two", *SocketAddress::from_unix_path("/of/another/family"));
    transport->send("three", far.local_address());
    EXPECT_THAT(read_far(2), ElementsAre("one", "three"));
    ASSERT_EQ(handler.errors.size(), 2u);
    EXPECT_EQ(handler.errors[0].code, std::errc::message_size);
    EXPECT_THAT(handler.errors[1].what, EndsWith("/of/another/family"));
    EXPECT_FALSE(transport->is_closing());
}

TEST_F(DatagramTransportTest, ASendToAnUnusedUnixPathIsReported) {
    const SocketAddress nobody = closed_address(unix_datagram_socket());
    open(unix_datagram_socket());
    transport->send("anybody?", nobody);
    ASSERT_TRUE(run_until(reactor, [&] { return !handler.errors.empty(); }));
    EXPECT_EQ(handler.errors[0].code, std::errc::connection_refused);
    EXPECT_EQ(transport->write_buffer_size(), 0u);
}

TEST_F(DatagramTransportTest, ADatagramThatDoesNotFitIsReportedNotCut) {
    open(unix_datagram_socket());
    far = unix_datagram_socket();
    set_send_buffer(far, 400'000);
    const std::string fits(std::size_t{256} * 1024, 'x');
    const std::string does_not(fits.size() + 1, 'x');
    ASSERT_TRUE(send_datagram(far, does_not, address)) << "net.core.wmem_max is too small";
    ASSERT_TRUE(run_until(reactor, [&] { return !handler.errors.empty(); }));
    EXPECT_EQ(handler.errors[0].code, std::errc::message_size);
    EXPECT_THAT(handler.errors[0].what, StartsWith("receive a datagram of 262145 bytes from @"));
    ASSERT_TRUE(send_datagram(far, fits, address));
    ASSERT_TRUE(run_until_received(1));
    EXPECT_EQ(handler.received[0].size(), fits.size());
    EXPECT_EQ(handler.errors.size(), 1u);
}

TEST_F(DatagramTransportTest, AFullPeerDelaysAndTheOrderStays) {
    open_pair();
    std::vector<std::string> sent;
    for (int i = 0; i < 1000; ++i) {
        sent.push_back(std::to_string(i));
        transport->send(sent.back());
    }
    run_turns(reactor);
    EXPECT_GT(transport->write_buffer_size(), 0u);
    EXPECT_EQ(read_far(sent.size()), sent);
    EXPECT_EQ(transport->write_buffer_size(), 0u);
    EXPECT_THAT(handler.errors, IsEmpty());
}

TEST_F(DatagramTransportTest, ATinySendBufferDelaysAndTheOrderStays) {
    far = unix_datagram_socket();
    Socket near = unix_datagram_socket();
    set_send_buffer(near, 1); // the kernel raises it to 4608 bytes
    open_connected(std::move(near));
    std::vector<std::string> sent;
    for (int i = 0; i < 100; ++i) {
        sent.emplace_back(1000 + static_cast<std::size_t>(i), 'x');
        transport->send(sent.back());
    }
    EXPECT_EQ(read_far(sent.size()), sent);
}

TEST_F(DatagramTransportTest, AnUnconnectedUnixSocketTriesAgain) {
    far = unix_datagram_socket();
    open(unix_datagram_socket());
    std::vector<std::string> sent;
    for (int i = 0; i < 1000; ++i) {
        sent.push_back(std::to_string(i));
        transport->send(sent.back(), far.local_address());
    }
    run_turns(reactor);
    EXPECT_GT(transport->write_buffer_size(), 0u);
    EXPECT_EQ(read_far(sent.size()), sent);
    EXPECT_THAT(handler.errors, IsEmpty());
}

TEST_F(DatagramTransportTest, ASocketThatIsWritableAndTakesNothingDoesNotSpin) {
    open(datagram_socket());
    injected_errors.assign(7, EAGAIN);
    transport->send("at last", far.local_address());
    const Nanoseconds began = Reactor::now();
    EXPECT_THAT(read_far(1), ElementsAre("at last"));
    // One at the end of the turn, one when epoll reported it writable, and then one after each
    // retry delay.
    EXPECT_GE(Reactor::now() - began, 6 * DatagramTransport::retry_delay);
    EXPECT_EQ(sendmmsg_calls, 8);
}

TEST_F(DatagramTransportTest, ADeviceWithoutBuffersIsTriedAgain) {
    open(datagram_socket());
    injected_errors = {ENOBUFS, EINTR, ENOBUFS, ENOBUFS, EAGAIN};
    transport->send("patience", far.local_address());
    EXPECT_THAT(read_far(1), ElementsAre("patience"));
    EXPECT_THAT(handler.errors, IsEmpty());
    EXPECT_THAT(injected_errors, IsEmpty());
}

TEST_F(DatagramTransportTest, PausesTheWriterAboveTheHighWaterMark) {
    open_pair();
    ASSERT_TRUE(transport->set_write_buffer_limits(1000, 100));
    int sent = 0;
    while (handler.pauses == 0 && sent < 10'000) {
        transport->send(std::string(92, 'x')); // 100 with its header
        ++sent;
    }
    EXPECT_EQ(transport->write_buffer_size(), 1100u);
    EXPECT_EQ(handler.resumes, 0);
    read_far(static_cast<std::size_t>(sent));
    EXPECT_EQ(handler.resumes, 1);
    EXPECT_EQ(handler.pauses, 1);
}

TEST_F(DatagramTransportTest, TheWaterMarksAreAsynciosOnes) {
    open(datagram_socket());
    EXPECT_EQ(transport->high_water(), 65536u);
    EXPECT_EQ(transport->low_water(), 16384u);
    EXPECT_TRUE(transport->set_write_buffer_limits({}, 100));
    EXPECT_EQ(transport->high_water(), 400u);
    EXPECT_FALSE(transport->set_write_buffer_limits(1, 2));
    EXPECT_EQ(transport->high_water(), 400u);
}

TEST_F(DatagramTransportTest, CloseSendsWhatIsQueued) {
    open_pair();
    for (int i = 0; i < 1000; ++i) {
        transport->send("x");
    }
    transport->close();
    EXPECT_TRUE(transport->is_closing());
    EXPECT_FALSE(transport->send("too late"));
    EXPECT_EQ(transport->ignored_sends(), 1u);
    run_turns(reactor);
    EXPECT_EQ(handler.closes, 0);
    EXPECT_EQ(read_far(1000).size(), 1000u);
    ASSERT_TRUE(run_until(reactor, [&] { return handler.closes == 1; }));
    EXPECT_FALSE(handler.failure);
    transport->close();
    transport->abort();
    run_turns(reactor);
    EXPECT_EQ(handler.closes, 1);
}

TEST_F(DatagramTransportTest, AbortDropsWhatIsQueued) {
    open(datagram_socket());
    transport->send("dropped", far.local_address());
    transport->abort();
    EXPECT_EQ(transport->write_buffer_size(), 0u);
    EXPECT_EQ(handler.closes, 0);
    ASSERT_TRUE(run_until(reactor, [&] { return handler.closes == 1; }));
    EXPECT_EQ(receive_datagram(far), "(nothing)");
}

TEST_F(DatagramTransportTest, AbortEndsAWaitForTheRetry) {
    open(datagram_socket());
    injected_errors.assign(1000, EAGAIN);
    transport->send("x", far.local_address());
    ASSERT_TRUE(run_until(reactor, [&] { return sendmmsg_calls == 4; }));
    transport->abort();
    ASSERT_TRUE(run_until(reactor, [&] { return handler.closes == 1; }));
    transport.reset();
    EXPECT_TRUE(reactor.timers().empty());
}

TEST_F(DatagramTransportTest, NothingComesAfterClose) {
    open(datagram_socket());
    for (int i = 0; i < 10; ++i) {
        ASSERT_TRUE(send_datagram(far, "x", address));
    }
    handler.when_datagram = [&](auto...) { transport->close(); };
    ASSERT_TRUE(run_until(reactor, [&] { return handler.closes == 1; }));
    EXPECT_EQ(handler.received.size(), 1u);
}

TEST_F(DatagramTransportTest, NothingIsLostWhileReadingIsPaused) {
    open(datagram_socket());
    transport->pause_reading();
    EXPECT_FALSE(transport->is_reading());
    for (int i = 0; i < 100; ++i) {
        ASSERT_TRUE(send_datagram(far, std::to_string(i), address));
    }
    run_turns(reactor);
    EXPECT_THAT(handler.received, IsEmpty());
    transport->resume_reading();
    handler.when_datagram = [&](auto...) {
        if (handler.received.size() == 10) {
            transport->pause_reading(); // in the middle of a batch: the rest of it still arrives
        }
    };
    run_turns(reactor);
    EXPECT_EQ(handler.received.size(), reactor.datagrams().capacity());
    transport->resume_reading();
    ASSERT_TRUE(run_until_received(100));
    for (int i = 0; i < 100; ++i) {
        EXPECT_EQ(handler.received[static_cast<std::size_t>(i)], std::to_string(i));
    }
}

TEST_F(DatagramTransportTest, MayBeDestroyedInEveryCallback) {
    const auto destroy = [this] { transport.reset(); };
    const std::array<std::pair<const char*, std::function<void()>>, 5> cases{{
        {"on_datagram",
         [&] {
             handler.when_datagram = [&](auto...) { destroy(); };
             transport->send("never sent", far.local_address());
             for (int i = 0; i < 3; ++i) {
                 send_datagram(far, "x", address);
             }
         }},
        {"on_error",
         [&] {
             handler.when_error = destroy;
             transport->send(std::string(70'000, 'x'), far.local_address());
         }},
        {"on_closed",
         [&] {
             handler.when_closed = destroy;
             transport->close();
         }},
        {"on_pause_writing",
         [&] {
             handler.when_paused = destroy;
             ASSERT_TRUE(transport->set_write_buffer_limits(0, 0));
             injected_errors = {EAGAIN};
             transport->send("x", far.local_address());
         }},
        {"on_resume_writing",
         [&] {
             handler.when_resumed = destroy;
             ASSERT_TRUE(transport->set_write_buffer_limits(0, 0));
             injected_errors = {EAGAIN};
             transport->send("x", far.local_address());
         }},
    }};
    for (const auto& [name, start] : cases) {
        handler = {};
        open(datagram_socket());
        start();
        EXPECT_TRUE(run_until(reactor, [&] { return transport == nullptr; })) << name;
        run_turns(reactor);
    }
}

TEST_F(DatagramTransportTest, SendsOfAnErrorHandlerDoNotHoldUpTheLoop) {
    open(datagram_socket());
    const std::string too_long(70'000, 'x');
    handler.when_error = [&] { transport->send(too_long, far.local_address()); };
    transport->send(too_long, far.local_address());
    run_turns(reactor, 20);
    EXPECT_GT(handler.errors.size(), 1u);
    EXPECT_LE(handler.errors.size(), 21u); // one for each turn
}

TEST_F(DatagramTransportTest, SendsToItsDestinationWhereItIsNotConnected) {
    open(datagram_socket(), far.local_address());
    transport->send("there");
    EXPECT_THAT(read_far(1), ElementsAre("there"));
    EXPECT_EQ(transport->destination(), far.local_address());
}

// Compares the queue with a model of it, with a kernel that accepts arbitrary amounts.
TEST(DatagramQueue, KeepsOrderAddressesAndSizeWhateverIsPushedPoppedAndSent) {
    for (unsigned seed = 0; seed < 20; ++seed) {
        std::mt19937 random(seed);
        const auto up_to = [&](std::size_t most) { return random() % (most + 1); };
        BufferPool pool(4096, 4);
        DatagramQueue queue(pool);
        auto [near, far] = unix_datagram_pair();
        std::deque<std::pair<std::string, SocketAddress>> model;
        std::deque<std::string> under_way;
        for (int step = 0; step < 2000; ++step) {
            switch (up_to(4)) {
            case 0:
            case 1: {
                // Empty ones, small ones, and some that are longer than a block.
                const std::size_t size = up_to(9) == 0 ? up_to(10'000) : up_to(80);
                const std::string data(size, static_cast<char>('a' + step % 26));
                const SocketAddress to = up_to(1) == 0 ? SocketAddress() : near.peer_address();
                queue.push(data, to);
                model.emplace_back(data, to);
                break;
            }
            case 2:
                if (!model.empty()) {
                    ASSERT_EQ(queue.front_data(), model.front().first);
                    ASSERT_EQ(queue.front_address(), model.front().second);
                    queue.pop();
                    model.pop_front();
                }
                break;
            case 3:
                // On a connected pair an address is an error, so send only those without.
                if (!model.empty() && !model.front().second.is_known()) {
                    const DatagramQueue::Sent sent = queue.send(near.fileno());
                    ASSERT_LE(sent.count, DatagramQueue::most_at_once);
                    for (std::size_t i = 0; i < sent.count; ++i) {
                        under_way.push_back(model.front().first);
                        model.pop_front();
                    }
                }
                break;
            default:
                while (!under_way.empty()) {
                    ASSERT_EQ(receive_datagram(far), under_way.front());
                    under_way.pop_front();
                }
            }
            std::size_t size = 0;
            for (const auto& each : model) {
                size += each.first.size() + DatagramQueue::header_size;
            }
            ASSERT_EQ(queue.size(), size);
            ASSERT_EQ(queue.count(), model.size());
            ASSERT_EQ(queue.empty(), model.empty());
        }
    }
}

} // namespace
} // namespace hocket::engine
