#include <functional>
#include <memory>
#include <string>

#include <sys/socket.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/tls_failure.hpp"
#include "engine/tls_transport.hpp"
#include "support/drive_reactor.hpp"
#include "support/tls_pair.hpp"

namespace hocket::engine {
namespace {

using namespace hocket::engine::testing;
using ::testing::HasSubstr;

/// Records the callbacks and runs the functions that the test has set.
struct Recorder final : StreamHandler {
    std::string received;
    int handshakes = 0;
    int reads = 0;
    int eofs = 0;
    int closes = 0;
    int pauses = 0;
    int resumes = 0;
    std::optional<Failure> failure;
    std::function<void()> when_open;
    std::function<void(std::string_view)> when_data;
    std::function<void()> when_eof;
    std::function<void()> when_paused;

    void on_handshake_done() noexcept override {
        ++handshakes;
        call(when_open);
    }
    void on_data(std::string_view data) noexcept override {
        ++reads;
        received += data;
        if (when_data) {
            when_data(data);
        }
    }
    bool on_eof() noexcept override {
        ++eofs;
        call(when_eof);
        return true;
    }
    void on_closed(const Failure* why) noexcept override {
        ++closes;
        if (why != nullptr) {
            failure = *why;
        }
    }
    void on_pause_writing() noexcept override {
        ++pauses;
        call(when_paused);
    }
    void on_resume_writing() noexcept override { ++resumes; }

private:
    static void call(const std::function<void()>& function) {
        if (const auto copy = function) { // the call may destroy the transport and this function
            copy();
        }
    }
};

/// One end of a connection with TLS.
struct Side {
    Side(Reactor& reactor, Socket socket, SslPointer ssl, const TlsTimeouts& timeouts = {})
        : below(reactor, std::move(socket), &peer, handler),
          tls(std::make_unique<TlsTransport>(reactor, below, std::move(ssl), timeouts, handler)) {
        below.start();
        tls->start();
    }

    Recorder handler;
    SocketAddress peer = *SocketAddress::from_ip("127.0.0.1", 7);
    StreamTransport below;
    std::unique_ptr<TlsTransport> tls;
};

class TlsTransportTest : public ::testing::Test {
protected:
    TlsTransportTest() {
        server_ctx.show(certificates::make_server(authority));
        client_ctx.trust(authority);
    }
    void connect(std::pair<Socket, Socket> ends = tcp_pair()) {
        server = std::make_unique<Side>(reactor, std::move(ends.first), server_ctx.accepting());
        client = std::make_unique<Side>(reactor, std::move(ends.second),
                                        client_ctx.connecting("example.test"));
    }
    void connect_and_shake(std::pair<Socket, Socket> ends = tcp_pair()) {
        connect(std::move(ends));
        ASSERT_TRUE(run_until(reactor, [&] {
            return server->handler.handshakes == 1 && client->handler.handshakes == 1;
        }));
    }
    /// The server is a transport; its client is a session whose ciphertext the test sends and
    /// receives.
    void connect_by_hand(const TlsTimeouts& timeouts = {}) {
        auto ends = tcp_pair();
        server = std::make_unique<Side>(reactor, std::move(ends.first), server_ctx.accepting(),
                                        timeouts);
        far = std::move(ends.second);
        far_end = std::make_unique<End>(client_ctx.connecting("example.test"));
        far_end->take({});
    }
    /// Transfers bytes between the far session and its socket.
    void carry() {
        send_all(far, std::exchange(far_end->sent, {}));
        far_end->take(read_some(far));
        reactor.wake(); // do not wait forever between two reads at the far end
    }
    template <class Predicate> [[nodiscard]] bool run_carrying(Predicate is_done) {
        return run_until(reactor, [&] {
            carry();
            return is_done();
        });
    }
    void shake_by_hand(const TlsTimeouts& timeouts = {}) {
        connect_by_hand(timeouts);
        ASSERT_TRUE(run_carrying([&] { return server->handler.handshakes == 1; }));
        carry();
    }

    certificates::Identity authority = certificates::make_authority();
    Ctx server_ctx{TLS_server_method()};
    Ctx client_ctx{TLS_client_method()};
    Reactor reactor;
    std::unique_ptr<Side> server;
    std::unique_ptr<Side> client;
    Socket far;
    std::unique_ptr<End> far_end;
};

std::string pattern(std::size_t size) {
    std::string bytes(size, '\0');
    for (std::size_t i = 0; i < size; ++i) {
        bytes[i] = static_cast<char>((i * 31 + i / 251) & 0xff);
    }
    return bytes;
}

TEST_F(TlsTransportTest, CarriesDataBothWays) {
    connect_and_shake();
    EXPECT_TRUE(client->tls->write("ping"));
    ASSERT_TRUE(run_until(reactor, [&] { return server->handler.received == "ping"; }));
    EXPECT_TRUE(server->tls->write("pong"));
    ASSERT_TRUE(run_until(reactor, [&] { return client->handler.received == "pong"; }));
}

TEST_F(TlsTransportTest, WhatIsWrittenBeforeTheHandshakeIsDoneWaitsForIt) {
    connect();
    EXPECT_TRUE(client->tls->write("early "));
    EXPECT_TRUE(client->tls->write("bird"));
    client->handler.when_open = [&] { client->tls->write(", then the worm"); };
    ASSERT_TRUE(run_until(reactor,
                          [&] { return server->handler.received == "early bird, then the worm"; }));
}

TEST_F(TlsTransportTest, SmallWritesOfOneTurnLeaveAsOneRecord) {
    shake_by_hand();
    for (int i = 0; i < 1000; ++i) {
        server->tls->write("abc");
    }
    EXPECT_EQ(server->tls->write_buffer_size(), 3000U);
    std::size_t size = 0;
    ASSERT_TRUE(run_until(reactor, [&] {
        const std::string ciphertext = read_some(far);
        size += ciphertext.size();
        far_end->take(ciphertext);
        reactor.wake();
        return far_end->plaintext.size() == 3000;
    }));
    EXPECT_LT(size, 3000U + 40U);
}

TEST_F(TlsTransportTest, OrderIsKeptBetweenSmallAndLargeWrites) {
    connect_and_shake();
    std::string expected;
    for (const std::size_t size : {1, 5000, 3, 100'000, 16'384, 16'383, 16'385, 2, 4095, 4096}) {
        expected += pattern(size);
        client->tls->write(pattern(size));
    }
    ASSERT_TRUE(
        run_until(reactor, [&] { return server->handler.received.size() == expected.size(); }));
    EXPECT_TRUE(server->handler.received == expected);
}

TEST_F(TlsTransportTest, AnswersFromWithinTheCallback) {
    connect_and_shake();
    server->handler.when_data = [&](std::string_view data) { server->tls->write(data); };
    client->tls->write(pattern(50'000));
    ASSERT_TRUE(run_until(reactor, [&] { return client->handler.received.size() == 50'000; }));
    EXPECT_TRUE(client->handler.received == pattern(50'000));
}

// -- closing --------------------------------------------------------------------------------------

TEST_F(TlsTransportTest, CloseSendsWhatIsQueuedAndBothSidesSayGoodbye) {
    connect_and_shake();
    client->tls->write("last words");
    client->tls->close();
    EXPECT_TRUE(client->tls->is_closing());
    EXPECT_FALSE(client->tls->write("too late"));
    EXPECT_EQ(client->tls->ignored_writes(), 1U);
    ASSERT_TRUE(run_until(
        reactor, [&] { return server->handler.closes == 1 && client->handler.closes == 1; }));
    EXPECT_EQ(server->handler.received, "last words");
    EXPECT_EQ(server->handler.eofs, 1);
    EXPECT_FALSE(server->handler.failure);
    EXPECT_FALSE(client->handler.failure);
    EXPECT_EQ(client->handler.eofs, 0);
}

TEST_F(TlsTransportTest, CloseWaitsForThePeersGoodbyeAndDropsWhatComesBefore) {
    shake_by_hand();
    server->tls->close();
    ASSERT_EQ(far_end->session.write("unwanted"), TlsSession::Status::done);
    ASSERT_TRUE(run_carrying([&] { return far_end->status == TlsSession::Status::closed; }));
    EXPECT_EQ(server->handler.closes, 0);
    far_end->session.close_notify();
    ASSERT_TRUE(run_carrying([&] { return server->handler.closes == 1; }));
    EXPECT_FALSE(server->handler.failure);
    EXPECT_EQ(server->handler.received, "");
}

TEST_F(TlsTransportTest, AnEndOfTheConnectionIsGoodbyeEnoughAfterOurOwn) {
    shake_by_hand();
    server->tls->close();
    ASSERT_TRUE(run_carrying([&] { return far_end->status == TlsSession::Status::closed; }));
    far.close();
    ASSERT_TRUE(run_until(reactor, [&] { return server->handler.closes == 1; }));
    EXPECT_FALSE(server->handler.failure);
}

TEST_F(TlsTransportTest, ABareEndOfTheConnectionIsAFailure) {
    shake_by_hand();
    ASSERT_EQ(far_end->session.write("half of it"), TlsSession::Status::done);
    carry();
    far.close();
    ASSERT_TRUE(run_until(reactor, [&] { return server->handler.closes == 1; }));
    EXPECT_EQ(server->handler.received, "half of it");
    EXPECT_EQ(server->handler.eofs, 0);
    ASSERT_TRUE(server->handler.failure);
    EXPECT_EQ(server->handler.failure->code, unexpected_tls_eof());
}

TEST_F(TlsTransportTest, WhatIsQueuedIsSentAfterThePeersGoodbye) {
    shake_by_hand();
    server->handler.when_eof = [&] { server->tls->write("an answer"); };
    far_end->session.close_notify();
    ASSERT_TRUE(run_carrying([&] { return far_end->status == TlsSession::Status::closed; }));
    EXPECT_EQ(far_end->plaintext, "an answer");
    ASSERT_TRUE(run_until(reactor, [&] { return server->handler.closes == 1; }));
    EXPECT_FALSE(server->handler.failure);
    EXPECT_EQ(server->handler.eofs, 1);
}

TEST_F(TlsTransportTest, AbortSaysNoGoodbye) {
    connect_and_shake();
    client->tls->abort();
    ASSERT_TRUE(run_until(
        reactor, [&] { return server->handler.closes == 1 && client->handler.closes == 1; }));
    EXPECT_FALSE(client->handler.failure);
    EXPECT_TRUE(server->handler.failure);
}

TEST_F(TlsTransportTest, HasNoEndOfFileInOneDirection) {
    connect_and_shake();
    EXPECT_FALSE(client->tls->can_write_eof());
    EXPECT_FALSE(client->tls->has_written_eof());
}

// -- handshakes that fail -------------------------------------------------------------------------

TEST_F(TlsTransportTest, ThePeerReceivesTheReasonOfAFailedHandshake) {
    connect();
    server_ctx.show(
        certificates::make({.common_name = "other.test", .hosts = "DNS:other.test"}, &authority));
    connect();
    ASSERT_TRUE(run_until(
        reactor, [&] { return server->handler.closes == 1 && client->handler.closes == 1; }));
    ASSERT_TRUE(client->handler.failure && server->handler.failure);
    EXPECT_THAT(client->handler.failure->what,
                HasSubstr("example.test (127.0.0.1 port 7) is for other.test, not for"));
    EXPECT_THAT(server->handler.failure->message(), HasSubstr("alert"));
    EXPECT_EQ(client->handler.handshakes + server->handler.handshakes, 0);
}

TEST_F(TlsTransportTest, PlainTextIsRefused) {
    connect_by_hand();
    send_all(far, "GET / HTTP/1.1\r\nHost: example.test\r\n\r\n");
    ASSERT_TRUE(run_until(reactor, [&] { return server->handler.closes == 1; }));
    ASSERT_TRUE(server->handler.failure);
    EXPECT_THAT(server->handler.failure->what, HasSubstr("does not speak TLS"));
}

TEST_F(TlsTransportTest, APeerThatLeavesInTheHandshakeHasResetTheConnection) {
    connect_by_hand();
    send_all(far, std::string_view(far_end->sent).substr(0, 10));
    far.close();
    ASSERT_TRUE(run_until(reactor, [&] { return server->handler.closes == 1; }));
    ASSERT_TRUE(server->handler.failure);
    EXPECT_EQ(server->handler.failure->code, std::errc::connection_reset);
}

TEST_F(TlsTransportTest, AHandshakeThatDripsInIsGivenUp) {
    TlsTimeouts timeouts;
    timeouts.handshake = 100'000'000;
    connect_by_hand(timeouts);
    std::string_view hello = far_end->sent;
    ASSERT_TRUE(run_until(reactor, [&] {
        if (hello.size() > 1 && server->handler.closes == 0) { // one byte in each turn
            send_all(far, hello.substr(0, 1));
            hello.remove_prefix(1);
        }
        return server->handler.closes == 1;
    }));
    ASSERT_TRUE(server->handler.failure);
    EXPECT_EQ(server->handler.failure->code, std::errc::connection_aborted);
    EXPECT_THAT(server->handler.failure->what, HasSubstr("longer than 100 ms"));
}

TEST_F(TlsTransportTest, AGoodbyeThatDoesNotComeIsGivenUp) {
    TlsTimeouts timeouts;
    timeouts.shutdown = 50'000'000;
    shake_by_hand(timeouts);
    server->tls->close();
    ASSERT_TRUE(run_until(reactor, [&] { return server->handler.closes == 1; }));
    ASSERT_TRUE(server->handler.failure);
    EXPECT_EQ(server->handler.failure->code, std::errc::timed_out);
}

TEST_F(TlsTransportTest, CloseDuringTheHandshakeAborts) {
    connect_by_hand();
    server->tls->close();
    ASSERT_TRUE(run_until(reactor, [&] { return server->handler.closes == 1; }));
    EXPECT_FALSE(server->handler.failure);
    EXPECT_EQ(server->handler.handshakes, 0);
}

// -- back-pressure --------------------------------------------------------------------------------

TEST_F(TlsTransportTest, PausingStopsDecryptionAndTheSocket) {
    shake_by_hand();
    std::string all;
    server->handler.when_data = [&](std::string_view) { server->tls->pause_reading(); };
    const std::string message = pattern(200'000);
    ASSERT_EQ(far_end->session.write(message), TlsSession::Status::done);
    std::string_view ciphertext = far_end->sent;
    const auto send_more = [&] {
        while (!ciphertext.empty()) {
            const ssize_t sent =
                ::send(far.fileno(), ciphertext.data(), ciphertext.size(), MSG_NOSIGNAL);
            if (sent <= 0) {
                break;
            }
            ciphertext.remove_prefix(static_cast<std::size_t>(sent));
        }
        reactor.wake();
    };
    ASSERT_TRUE(run_until(reactor, [&] {
        send_more();
        return server->handler.reads == 1;
    }));
    run_turns(reactor);
    EXPECT_EQ(server->handler.reads, 1);
    EXPECT_FALSE(server->tls->is_reading());
    EXPECT_LE(server->handler.received.size(), 65'536U);
    for (int reads = 2; server->handler.received.size() < message.size(); ++reads) {
        server->tls->resume_reading();
        EXPECT_EQ(server->handler.reads, reads - 1) << "data arrived within the call";
        ASSERT_TRUE(run_until(reactor, [&] {
            send_more();
            return server->handler.reads == reads;
        }));
    }
    EXPECT_TRUE(server->handler.received == message);
}

TEST_F(TlsTransportTest, AnEndThatArrivesWhileReadingIsPausedIsReportedLater) {
    shake_by_hand();
    server->tls->pause_reading();
    ASSERT_EQ(far_end->session.write("before the end"), TlsSession::Status::done);
    far_end->session.close_notify();
    carry();
    far.close();
    run_turns(reactor, 20);
    EXPECT_EQ(server->handler.received, "");
    EXPECT_EQ(server->handler.closes, 0);
    server->tls->resume_reading();
    ASSERT_TRUE(run_until(reactor, [&] { return server->handler.closes == 1; }));
    EXPECT_EQ(server->handler.received, "before the end");
    EXPECT_EQ(server->handler.eofs, 1);
    EXPECT_FALSE(server->handler.failure);
}

TEST_F(TlsTransportTest, CloseWhilePausedGetsToThePeersGoodbye) {
    connect_and_shake();
    server->tls->pause_reading();
    client->tls->write(pattern(30'000));
    client->tls->close();
    run_turns(reactor);
    server->tls->close();
    ASSERT_TRUE(run_until(
        reactor, [&] { return server->handler.closes == 1 && client->handler.closes == 1; }));
    EXPECT_FALSE(server->handler.failure);
    EXPECT_FALSE(client->handler.failure);
}

void shrink_buffers(const Socket& socket) {
    const int size = 4096;
    ::setsockopt(socket.fileno(), SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    ::setsockopt(socket.fileno(), SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
}

TEST_F(TlsTransportTest, AWriterAboveTheWaterMarkIsPausedUntilThePeerReads) {
    auto ends = tcp_pair();
    shrink_buffers(ends.first);
    shrink_buffers(ends.second);
    connect_and_shake(std::move(ends));
    client->tls->pause_reading();
    int writes = 0;
    while (server->handler.pauses == 0) {
        ASSERT_LT(++writes, 1000);
        server->tls->write(pattern(16'000));
    }
    EXPECT_GT(server->tls->write_buffer_size(), server->tls->high_water());
    client->tls->resume_reading();
    ASSERT_TRUE(run_until(reactor, [&] { return server->handler.resumes == 1; }));
    EXPECT_LE(server->tls->write_buffer_size(), server->tls->low_water());
    ASSERT_TRUE(run_until(reactor, [&] {
        return client->handler.received.size() == 16'000U * static_cast<unsigned>(writes);
    }));
}

TEST_F(TlsTransportTest, AMebibyteComesBackThroughTinySocketBuffers) {
    auto ends = socket_pair(); // over TCP, tiny buffers make the kernel wait for its own timers
    shrink_buffers(ends.first);
    shrink_buffers(ends.second);
    connect_and_shake(std::move(ends));
    ASSERT_TRUE(server->tls->set_write_buffer_limits(20'000, 5'000));
    server->handler.when_data = [&](std::string_view data) { server->tls->write(data); };
    server->handler.when_paused = [&] { server->tls->pause_reading(); };
    const std::string message = pattern(1 << 20);
    client->tls->write(message);
    ASSERT_TRUE(run_until(reactor, [&] {
        if (server->tls->write_buffer_size() <= server->tls->low_water()) {
            server->tls->resume_reading();
        }
        return client->handler.received.size() == message.size();
    }));
    EXPECT_TRUE(client->handler.received == message);
    EXPECT_GT(server->handler.pauses, 0);
}

// -- destruction and errors in callbacks
// -----------------------------------------------------------

TEST_F(TlsTransportTest, MayBeDestroyedInEveryCallback) {
    const auto destroy = [&] { server.reset(); };
    for (const int callback : {0, 1, 2, 3}) {
        SCOPED_TRACE(callback);
        connect();
        Recorder& handler = server->handler;
        if (callback == 0) {
            handler.when_open = destroy;
        } else if (callback == 1) {
            handler.when_data = [&](std::string_view) { destroy(); };
        } else if (callback == 2) {
            handler.when_eof = destroy;
        } else {
            handler.when_open = [&] {
                server->handler.when_paused = destroy;
                // The handshake may have queued too much already.
                if (server->tls->set_write_buffer_limits(0, 0) && server) {
                    server->tls->write(pattern(100));
                }
            };
        }
        client->handler.when_open = [&] {
            client->tls->write("x");
            client->tls->close();
        };
        ASSERT_TRUE(run_until(reactor, [&] { return server == nullptr; }));
        client.reset();
    }
}

TEST_F(TlsTransportTest, AnAbortInEveryCallbackEndsIt) {
    for (const int callback : {0, 1, 2}) {
        SCOPED_TRACE(callback);
        connect();
        Recorder& handler = server->handler;
        const auto abort = [&] { server->tls->abort(); };
        if (callback == 0) {
            handler.when_open = abort;
        } else if (callback == 1) {
            handler.when_data = [&](std::string_view) { abort(); };
        } else {
            handler.when_eof = abort;
        }
        client->handler.when_open = [&] {
            client->tls->write("x");
            client->tls->close();
        };
        ASSERT_TRUE(run_until(reactor, [&] { return server->handler.closes == 1; }));
        EXPECT_FALSE(server->handler.failure);
    }
}

TEST_F(TlsTransportTest, AnIdleOneHoldsNoBuffers) {
    connect_and_shake();
    client->tls->write(pattern(100'000));
    ASSERT_TRUE(run_until(reactor, [&] { return server->handler.received.size() == 100'000; }));
    client->tls->write("short");
    ASSERT_TRUE(run_until(reactor, [&] { return server->handler.received.size() == 100'005; }));
    EXPECT_FALSE(SSL_has_pending(server->tls->ssl()));
    EXPECT_EQ(server->tls->write_buffer_size(), 0U);
    EXPECT_EQ(client->tls->write_buffer_size(), 0U);
    EXPECT_TRUE(SSL_get_mode(server->tls->ssl()) & SSL_MODE_RELEASE_BUFFERS);
}

} // namespace
} // namespace hocket::engine
