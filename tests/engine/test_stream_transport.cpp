#include <functional>
#include <memory>
#include <string>

#include <sys/ioctl.h>
#include <sys/socket.h>

#include <gtest/gtest.h>

#include "engine/stream_transport.hpp"
#include "support/drive_reactor.hpp"

namespace hocket::engine {
namespace {

using namespace hocket::engine::testing;

/// Records the callbacks and runs the functions that the test has set.
struct Recorder final : StreamHandler {
    std::string received;
    int reads = 0;
    int eofs = 0;
    int closes = 0;
    int pauses = 0;
    int resumes = 0;
    bool keep_open = false;
    std::optional<Failure> failure;
    std::function<void(std::string_view)> when_data;
    std::function<void()> when_eof;
    std::function<void()> when_closed;
    std::function<void()> when_paused;
    std::function<void()> when_resumed;

    void on_data(std::string_view data) noexcept override {
        ++reads;
        received += data;
        if (when_data) {
            when_data(data);
        }
    }
    bool on_eof() noexcept override {
        ++eofs;
        if (when_eof) {
            when_eof();
        }
        return keep_open;
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

class StreamTransportTest : public ::testing::Test {
protected:
    void connect(std::pair<Socket, Socket> ends) {
        peer = ends.first.peer_address();
        transport =
            std::make_unique<StreamTransport>(reactor, std::move(ends.first), &peer, handler);
        far = std::move(ends.second);
        transport->start();
    }
    /// Runs the loop and reads at the far end until `is_done()`.
    template <class Predicate> [[nodiscard]] bool run_reading_far(Predicate is_done) {
        return run_until(reactor, [&] {
            read_some(far);
            reactor.wake(); // do not wait forever between two reads at the far end
            return is_done();
        });
    }
    /// Reads at the far end until `size` bytes have arrived.
    std::string read_far(std::size_t size, std::size_t at_once = 1 << 16) {
        std::string all;
        EXPECT_TRUE(run_until(reactor, [&] {
            all += read_some(far, at_once);
            reactor.wake();
            return all.size() >= size;
        }));
        return all;
    }

    Reactor reactor;
    Recorder handler;
    SocketAddress peer;
    std::unique_ptr<StreamTransport> transport;
    Socket far;
};

std::string pattern(std::size_t size) {
    std::string bytes(size, '\0');
    for (std::size_t i = 0; i < size; ++i) {
        bytes[i] = static_cast<char>((i * 31 + i / 251) & 0xff);
    }
    return bytes;
}

TEST_F(StreamTransportTest, HandsOverWhatArrives) {
    connect(tcp_pair());
    send_all(far, "hello");
    ASSERT_TRUE(run_until(reactor, [&] { return handler.received == "hello"; }));
    EXPECT_EQ(handler.reads, 1);
}

TEST_F(StreamTransportTest, ReadsNothingBeforeItIsStarted) {
    auto ends = socket_pair();
    StreamTransport idle(reactor, std::move(ends.first), nullptr, handler);
    send_all(ends.second, "early");
    run_turns(reactor);
    EXPECT_EQ(handler.received, "");
    idle.start();
    ASSERT_TRUE(run_until(reactor, [&] { return handler.received == "early"; }));
}

TEST_F(StreamTransportTest, ReadsIntoTheHandlersOwnBuffer) {
    struct Buffered final : StreamHandler {
        std::array<std::byte, 16> buffer{};
        std::string received;
        std::span<std::byte> get_buffer(std::size_t) noexcept override { return buffer; }
        void on_buffer_filled(std::size_t count) noexcept override {
            received.append(reinterpret_cast<const char*>(buffer.data()), count);
        }
        void on_data(std::string_view) noexcept override { ADD_FAILURE() << "it has a buffer"; }
        bool on_eof() noexcept override { return false; }
        void on_closed(const Failure*) noexcept override {}
    } buffered;
    connect(socket_pair());
    transport->set_handler(buffered);
    const std::string sent = pattern(1000);
    send_all(far, sent);
    ASSERT_TRUE(run_until(reactor, [&] { return buffered.received.size() == sent.size(); }));
    EXPECT_EQ(buffered.received, sent);
}

TEST_F(StreamTransportTest, SmallWritesOfATurnLeaveTogetherAtItsEnd) {
    connect(socket_pair());
    for (int i = 0; i < 100; ++i) {
        transport->write("0123456789");
    }
    EXPECT_EQ(transport->write_buffer_size(), 1000U);
    EXPECT_EQ(read_some(far), "");
    reactor.end_turn();
    EXPECT_EQ(transport->write_buffer_size(), 0U);
    EXPECT_EQ(read_some(far).size(), 1000U);
}

TEST_F(StreamTransportTest, WritesInsideOnDataLeaveWhenTheReadIsDone) {
    connect(socket_pair());
    handler.when_data = [&](std::string_view data) {
        transport->write(data);
        transport->write("!");
        EXPECT_EQ(read_some(far), "");
    };
    send_all(far, "ping");
    reactor.poll(true); // without the end of the turn
    EXPECT_EQ(read_some(far), "ping!");
}

TEST_F(StreamTransportTest, ALargeWriteLeavesAtOnce) {
    connect(socket_pair());
    transport->write(pattern(20'000));
    EXPECT_EQ(transport->write_buffer_size(), 0U);
    EXPECT_EQ(read_some(far), pattern(20'000));
}

TEST_F(StreamTransportTest, ALargeWriteTakesTheSmallOnesBeforeItAlong) {
    connect(socket_pair());
    transport->write("header ");
    transport->write(pattern(8000));
    EXPECT_EQ(transport->write_buffer_size(), 0U);
    EXPECT_EQ(read_some(far), "header " + pattern(8000));
}

TEST_F(StreamTransportTest, BytesOfEverySizeArriveInOrder) {
    connect(tcp_pair());
    const std::string all = pattern(3'000'000);
    std::size_t written = 0;
    std::size_t size = 1;
    std::string received;
    ASSERT_TRUE(run_until(reactor, [&] {
        for (int i = 0; i < 7 && written < all.size(); ++i) {
            const std::string_view piece = std::string_view(all).substr(written, size);
            transport->write(piece);
            written += piece.size();
            size = size * 7 % 30'011;
        }
        received += read_some(far, 50'000);
        reactor.wake();
        return received.size() == all.size();
    }));
    EXPECT_EQ(received, all);
}

TEST_F(StreamTransportTest, APeerThatReadsOneByteAtATimeGetsEverything) {
    connect(socket_pair());
    const int small = 1;
    ::setsockopt(transport->socket().fileno(), SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
    const std::string sent = pattern(30'000);
    transport->write(sent);
    EXPECT_GT(transport->write_buffer_size(), 0U);
    EXPECT_EQ(read_far(sent.size(), 1), sent);
    EXPECT_EQ(transport->write_buffer_size(), 0U);
}

TEST_F(StreamTransportTest, PausesTheWriterAboveHighWaterAndResumesItAtLowWater) {
    connect(socket_pair());
    ASSERT_TRUE(transport->set_write_buffer_limits(10'000, 1000));
    while (handler.pauses == 0) {
        transport->write(pattern(5000));
    }
    EXPECT_GT(transport->write_buffer_size(), 10'000U);
    EXPECT_EQ(handler.resumes, 0);
    handler.when_resumed = [&] { EXPECT_LE(transport->write_buffer_size(), 1000U); };
    ASSERT_TRUE(run_reading_far([&] { return handler.resumes == 1; }));
    EXPECT_EQ(handler.pauses, 1);
}

TEST_F(StreamTransportTest, WriteLimitsHaveAsynciosDefaultsAndChecks) {
    connect(socket_pair());
    EXPECT_EQ(transport->high_water(), 65536U);
    EXPECT_EQ(transport->low_water(), 16384U);
    EXPECT_TRUE(transport->set_write_buffer_limits(std::nullopt, 100));
    EXPECT_EQ(transport->high_water(), 400U);
    EXPECT_TRUE(transport->set_write_buffer_limits(100, std::nullopt));
    EXPECT_EQ(transport->low_water(), 25U);
    EXPECT_FALSE(transport->set_write_buffer_limits(10, 11));
    EXPECT_EQ(transport->high_water(), 100U);
    EXPECT_TRUE(transport->set_write_buffer_limits(0, std::nullopt));
    transport->write("goes out: nothing is left to pause for");
    EXPECT_EQ(handler.pauses, 0);
}

TEST_F(StreamTransportTest, LoweringTheLimitBelowWhatIsQueuedPausesTheWriter) {
    connect(socket_pair());
    transport->write("some bytes");
    EXPECT_TRUE(transport->set_write_buffer_limits(4, std::nullopt));
    EXPECT_EQ(handler.pauses, 1);
    reactor.end_turn();
    EXPECT_EQ(handler.resumes, 1);
}

TEST_F(StreamTransportTest, AWriteThatTakesTheQueueAlongResumesItsPausedWriter) {
    connect(socket_pair());
    transport->write("some bytes");
    EXPECT_TRUE(transport->set_write_buffer_limits(4, std::nullopt));
    EXPECT_EQ(handler.pauses, 1);
    transport->write(std::string(direct_write_size, 'x'));
    EXPECT_EQ(transport->write_buffer_size(), 0U);
    EXPECT_EQ(handler.resumes, 0); // not from within the write
    reactor.end_turn();
    EXPECT_EQ(handler.resumes, 1);
}

TEST_F(StreamTransportTest, AWriteInOnDataThatTakesTheQueueAlongResumesItsPausedWriter) {
    connect(socket_pair());
    handler.when_data = [&](std::string_view) {
        transport->write("some bytes");
        EXPECT_TRUE(transport->set_write_buffer_limits(4, std::nullopt));
        EXPECT_EQ(handler.pauses, 1);
        transport->write(std::string(direct_write_size, 'x'));
        EXPECT_EQ(handler.resumes, 0); // not from within the write
    };
    send_all(far, "hello");
    EXPECT_TRUE(run_until(reactor, [&] { return handler.resumes == 1; }));
    EXPECT_EQ(handler.pauses, 1);
}

TEST_F(StreamTransportTest, AWriteOutOfOnResumeWritingLeavesInTheNextTurn) {
    connect(socket_pair());
    transport->write("first ");
    EXPECT_TRUE(transport->set_write_buffer_limits(4, std::nullopt));
    handler.when_resumed = [&] { transport->write("second"); };
    EXPECT_EQ(read_far(12), "first second");
}

TEST_F(StreamTransportTest, CloseSendsWhatIsQueuedFirst) {
    connect(socket_pair());
    transport->write("last words");
    transport->close();
    EXPECT_TRUE(transport->is_closing());
    EXPECT_EQ(handler.closes, 0);
    ASSERT_TRUE(run_until(reactor, [&] { return handler.closes == 1; }));
    EXPECT_FALSE(handler.failure);
    EXPECT_EQ(read_some(far), "last words");
    EXPECT_TRUE(is_at_eof(far));
}

TEST_F(StreamTransportTest, CloseWaitsForASlowPeer) {
    connect(socket_pair());
    const std::string sent = pattern(2'000'000);
    transport->write(sent);
    transport->close();
    run_turns(reactor);
    EXPECT_EQ(handler.closes, 0);
    EXPECT_EQ(read_far(sent.size()), sent);
    ASSERT_TRUE(run_until(reactor, [&] { return handler.closes == 1; }));
}

TEST_F(StreamTransportTest, OnClosedNeverComesFromWithinTheCall) {
    connect(socket_pair());
    transport->close();
    EXPECT_EQ(handler.closes, 0);
    transport->abort();
    EXPECT_EQ(handler.closes, 0);
    run_turns(reactor);
    EXPECT_EQ(handler.closes, 1);
    transport->abort();
    transport->close();
    run_turns(reactor);
    EXPECT_EQ(handler.closes, 1);
}

TEST_F(StreamTransportTest, AbortDropsWhatIsQueued) {
    connect(socket_pair());
    transport->write("never sent");
    transport->abort();
    ASSERT_TRUE(run_until(reactor, [&] { return handler.closes == 1; }));
    EXPECT_EQ(read_some(far), "");
    EXPECT_TRUE(is_at_eof(far));
}

TEST_F(StreamTransportTest, WritesAfterCloseAreIgnoredAndCounted) {
    connect(socket_pair());
    EXPECT_TRUE(transport->write("a"));
    transport->close();
    EXPECT_FALSE(transport->write("b"));
    EXPECT_FALSE(transport->write("c"));
    EXPECT_EQ(transport->ignored_writes(), 2U);
    run_turns(reactor);
    EXPECT_EQ(read_some(far), "a");
}

TEST_F(StreamTransportTest, EndOfFileClosesUnlessTheHandlerKeepsItOpen) {
    connect(tcp_pair());
    far.close();
    ASSERT_TRUE(run_until(reactor, [&] { return handler.closes == 1; }));
    EXPECT_EQ(handler.eofs, 1);
    EXPECT_FALSE(handler.failure);
}

TEST_F(StreamTransportTest, AHalfClosedConnectionCanStillBeWrittenTo) {
    connect(tcp_pair());
    handler.keep_open = true;
    far.shutdown_write();
    ASSERT_TRUE(run_until(reactor, [&] { return handler.eofs == 1; }));
    run_turns(reactor);
    EXPECT_EQ(handler.eofs, 1);
    transport->write("answer");
    EXPECT_EQ(read_far(6), "answer");
    transport->close();
    ASSERT_TRUE(run_until(reactor, [&] { return handler.closes == 1; }));
}

TEST_F(StreamTransportTest, WriteEofFollowsWhatIsQueuedAndLeavesReadingOpen) {
    connect(tcp_pair());
    transport->write("request");
    transport->write_eof();
    transport->write_eof();
    EXPECT_TRUE(transport->has_written_eof());
    EXPECT_EQ(read_far(7), "request");
    ASSERT_TRUE(run_until(reactor, [&] {
        reactor.wake();
        return is_at_eof(far);
    }));
    send_all(far, "response");
    ASSERT_TRUE(run_until(reactor, [&] { return handler.received == "response"; }));
}

TEST_F(StreamTransportTest, AResetIsReportedWithTheCallAndThePeer) {
    connect(tcp_pair());
    const std::string peer = far.local_address().text();
    reset_on_close(far);
    far.close();
    ASSERT_TRUE(run_until(reactor, [&] { return handler.closes == 1; }));
    ASSERT_TRUE(handler.failure);
    EXPECT_EQ(handler.failure->code, std::errc::connection_reset);
    EXPECT_EQ(handler.failure->message(), "recv from " + peer + ": Connection reset by peer");
}

TEST_F(StreamTransportTest, WritingToAClosedPeerIsAFailureWithoutASignal) {
    connect(socket_pair());
    far.close();
    transport->pause_reading();
    transport->write(pattern(5000)); // SIGPIPE would end the test
    ASSERT_TRUE(run_until(reactor, [&] { return handler.closes == 1; }));
    ASSERT_TRUE(handler.failure);
    EXPECT_EQ(handler.failure->code, std::errc::broken_pipe);
    EXPECT_FALSE(transport->write("more"));
}

TEST_F(StreamTransportTest, AResetWhileMuchIsQueuedClosesIt) {
    connect(tcp_pair());
    transport->pause_reading();
    transport->write(pattern(20'000'000));
    EXPECT_GT(transport->write_buffer_size(), 0U);
    run_turns(reactor);
    reset_on_close(far);
    far.close();
    ASSERT_TRUE(run_until(reactor, [&] { return handler.closes == 1; }));
    EXPECT_TRUE(handler.failure);
}

TEST_F(StreamTransportTest, PausedReadingLeavesTheBytesToTheKernel) {
    connect(socket_pair());
    transport->pause_reading();
    EXPECT_FALSE(transport->is_reading());
    send_all(far, "later");
    run_turns(reactor);
    EXPECT_EQ(handler.received, "");
    transport->resume_reading();
    EXPECT_TRUE(transport->is_reading());
    ASSERT_TRUE(run_until(reactor, [&] { return handler.received == "later"; }));
}

TEST_F(StreamTransportTest, PausingInsideOnDataStopsTheReadingAtOnce) {
    connect(socket_pair());
    handler.when_data = [&](std::string_view) { transport->pause_reading(); };
    const int large = 1 << 20;
    ::setsockopt(far.fileno(), SOL_SOCKET, SO_SNDBUF, &large, sizeof large);
    send_all(far, pattern(150'000));
    run_turns(reactor);
    EXPECT_EQ(handler.reads, 1);
}

// Counts the turns in which the loop woke up: a spinning loop has many.
int turns_in(Reactor& reactor, std::chrono::milliseconds time) {
    int turns = 0;
    EXPECT_FALSE(run_until(
        reactor,
        [&] {
            ++turns;
            return false;
        },
        time));
    return turns;
}

TEST_F(StreamTransportTest, AHangUpWhileReadingIsPausedDoesNotSpinTheLoop) {
    connect(tcp_pair());
    transport->pause_reading();
    send_all(far, "data before the reset");
    reset_on_close(far);
    far.close();
    EXPECT_LE(turns_in(reactor, std::chrono::milliseconds(50)), 4);
    EXPECT_EQ(handler.closes, 0);
    transport->resume_reading();
    ASSERT_TRUE(run_until(reactor, [&] { return handler.closes == 1; }));
}

TEST_F(StreamTransportTest, AnEndOfFileOnBothSidesDoesNotSpinTheLoop) {
    connect(tcp_pair());
    handler.keep_open = true;
    far.shutdown_write();
    ASSERT_TRUE(run_until(reactor, [&] { return handler.eofs == 1; }));
    transport->write_eof();
    EXPECT_LE(turns_in(reactor, std::chrono::milliseconds(50)), 4);
    transport->close();
    ASSERT_TRUE(run_until(reactor, [&] { return handler.closes == 1; }));
}

TEST_F(StreamTransportTest, ASilentPeerCostsNoTurns) {
    connect(tcp_pair());
    EXPECT_LE(turns_in(reactor, std::chrono::milliseconds(50)), 4);
    EXPECT_EQ(handler.closes, 0);
}

TEST_F(StreamTransportTest, OneBusySocketReadsAtMostItsBudgetATurn) {
    connect(tcp_pair());
    const int large = 4 << 20;
    ::setsockopt(far.fileno(), SOL_SOCKET, SO_SNDBUFFORCE, &large, sizeof large);
    ::setsockopt(transport->socket().fileno(), SOL_SOCKET, SO_RCVBUFFORCE, &large, sizeof large);
    const std::string flood = pattern(2 << 20);
    std::string_view left = flood;
    std::size_t before = 0;
    std::size_t most_in_a_turn = 0;
    ASSERT_TRUE(run_until(reactor, [&] {
        most_in_a_turn = std::max(most_in_a_turn, handler.received.size() - before);
        before = handler.received.size();
        ssize_t sent = 0;
        do {
            left.remove_prefix(static_cast<std::size_t>(sent));
            sent = ::send(far.fileno(), left.data(), left.size(), MSG_NOSIGNAL);
        } while (sent > 0);
        reactor.wake();
        return handler.received.size() == flood.size();
    }));
    EXPECT_EQ(handler.received, flood);
    EXPECT_LE(most_in_a_turn, std::size_t{256} * 1024);
}

TEST_F(StreamTransportTest, AnIdleTransportHoldsNoBuffer) {
    connect(socket_pair());
    transport->write(pattern(1000));
    send_all(far, pattern(1000));
    ASSERT_TRUE(run_until(reactor, [&] { return handler.received.size() == 1000; }));
    EXPECT_EQ(reactor.read_buffers().spare(), 1U);
    EXPECT_EQ(reactor.write_blocks().spare(), 1U);
    EXPECT_LE(sizeof(StreamTransport), 512U);
}

// In each callback the owner may destroy the transport.
TEST_F(StreamTransportTest, MayBeDestroyedFromEveryCallback) {
    const auto drop = [this](auto&&...) { transport.reset(); };
    {
        connect(socket_pair());
        handler.when_data = drop;
        send_all(far, pattern(150'000));
        ASSERT_TRUE(run_until(reactor, [&] { return transport == nullptr; }));
        handler.when_data = nullptr;
    }
    {
        connect(socket_pair());
        handler.when_eof = drop;
        far.shutdown_write();
        ASSERT_TRUE(run_until(reactor, [&] { return transport == nullptr; }));
        handler.when_eof = nullptr;
    }
    {
        connect(socket_pair());
        handler.when_paused = drop;
        while (transport) {
            transport->write(pattern(50'000));
        }
        handler.when_paused = nullptr;
    }
    {
        connect(socket_pair());
        handler.when_resumed = drop;
        const int pauses = handler.pauses;
        while (handler.pauses == pauses) {
            transport->write(pattern(50'000));
        }
        ASSERT_TRUE(run_reading_far([&] { return transport == nullptr; }));
        handler.when_resumed = nullptr;
    }
    {
        connect(socket_pair());
        handler.when_closed = drop;
        transport->abort();
        ASSERT_TRUE(run_until(reactor, [&] { return transport == nullptr; }));
    }
    run_turns(reactor);
}

TEST_F(StreamTransportTest, MayBeClosedOrAbortedFromEveryCallback) {
    for (const bool abort : {false, true}) {
        const auto end = [&](auto&&...) { abort ? transport->abort() : transport->close(); };
        handler = {};
        connect(socket_pair());
        handler.when_data = end;
        send_all(far, "data");
        ASSERT_TRUE(run_until(reactor, [&] { return handler.closes == 1; }));

        handler = {};
        handler.keep_open = true;
        connect(socket_pair());
        handler.when_eof = end;
        far.shutdown_write();
        ASSERT_TRUE(run_until(reactor, [&] { return handler.closes == 1; }));

        handler = {};
        connect(socket_pair());
        handler.when_paused = end;
        while (!transport->is_closing()) {
            transport->write(pattern(50'000));
        }
        ASSERT_TRUE(run_reading_far([&] { return handler.closes == 1; }));

        handler = {};
        connect(socket_pair());
        handler.when_resumed = end;
        while (handler.pauses == 0) {
            transport->write(pattern(50'000));
        }
        ASSERT_TRUE(run_reading_far([&] { return handler.closes == 1; }));
        transport.reset();
    }
}

} // namespace
} // namespace hocket::engine
