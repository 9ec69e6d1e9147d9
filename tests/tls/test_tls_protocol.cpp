#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <hocket/connection.hpp>
#include <hocket/event_loop.hpp>
#include <hocket/protocol.hpp>
#include <hocket/run.hpp>
#include <hocket/sleep.hpp>
#include <hocket/ssl_context.hpp>
#include <hocket/start_server.hpp>

#include "support/open_descriptors.hpp"
#include "support/tls_contexts.hpp"
#include "support/turns.hpp"

namespace hocket {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

/// Records the callbacks.
struct Recorder : Protocol {
    std::vector<std::string> calls;
    std::string received;
    Transport* transport = nullptr;
    std::exception_ptr error;

    void connection_made(Transport& made) override {
        transport = &made;
        calls.emplace_back("made");
    }
    void data_received(std::string_view data) override { received += data; }
    bool eof_received() override {
        calls.emplace_back("eof");
        return true;
    }
    void connection_lost(std::exception_ptr why) override {
        error = why;
        calls.emplace_back("lost");
    }
};

struct Echo : Recorder {
    void data_received(std::string_view data) override { transport->write(data); }
};

template <class Predicate> Coro<> until(Predicate is_true) {
    for (int i = 0; i < 5000 && !is_true(); ++i) {
        co_await sleep(1ms);
    }
    EXPECT_TRUE(is_true());
}

class TlsProtocol : public ::testing::Test, protected TlsContexts {
protected:
    template <class F> Coro<Server> serve(F factory) {
        ServerOptions options;
        options.ssl = server;
        return get_running_loop().create_server(std::move(factory), "127.0.0.1", 0, options);
    }
    auto connect(const Server& to) {
        ConnectOptions options;
        options.ssl = client;
        return get_running_loop().create_connection([] { return std::make_shared<Recorder>(); },
                                                    "localhost", to.sockets()[0].port(), options);
    }
};

TEST_F(TlsProtocol, ConnectionMadeFollowsTheHandshake) {
    run([&]() -> Coro<> {
        auto echo = std::make_shared<Echo>();
        const auto factory = [echo] { return echo; };
        Server serving = co_await serve(factory);
        auto [transport, protocol] = co_await connect(serving);
        EXPECT_EQ(protocol->calls, std::vector<std::string>{"made"});
        EXPECT_TRUE(transport->ssl_object());
        EXPECT_EQ(transport->ssl_object().version(), "TLSv1.3");
        EXPECT_FALSE(transport->can_write_eof());
        EXPECT_THROW(transport->write_eof(), RuntimeError);
        transport->write("hello");
        co_await until([&, recorder = protocol.get()] { return recorder->received == "hello"; });
        transport->close();
        co_await until([&] { return echo->calls.size() == 3; });
        // With TLS, the result of eof_received is ignored.
        EXPECT_EQ(echo->calls, (std::vector<std::string>{"made", "eof", "lost"}));
        EXPECT_EQ(echo->error, nullptr);
        serving.close();
        co_await serving.wait_closed();
        EXPECT_EQ(protocol->calls, (std::vector<std::string>{"made", "lost"}));
    });
}

TEST_F(TlsProtocol, AFailedHandshakeCallsNothing) {
    show(server, certificates::make({.hosts = "DNS:other.test"}, &authority));
    run([&]() -> Coro<> {
        auto echo = std::make_shared<Echo>();
        const auto factory = [echo] { return echo; };
        Server serving = co_await serve(factory);
        auto mine = std::make_shared<Recorder>();
        const auto make_mine = [mine] { return mine; };
        ConnectOptions options;
        options.ssl = client;
        try {
            co_await get_running_loop().create_connection(make_mine, "localhost",
                                                          serving.sockets()[0].port(), options);
            ADD_FAILURE();
        } catch (const SSLCertVerificationError& error) {
            EXPECT_EQ(error.verify_message(), "hostname mismatch");
        }
        serving.close();
        co_await serving.wait_closed();
        EXPECT_TRUE(mine->calls.empty());
        EXPECT_TRUE(echo->calls.empty());
    });
}

TEST_F(TlsProtocol, ADrainedServerSaysGoodbyeToThoseItOwesNothing) {
    run([&]() -> Coro<> {
        auto echo = std::make_shared<Echo>();
        const auto factory = [echo] { return echo; };
        Server serving = co_await serve(factory);
        auto [transport, protocol] = co_await connect(serving);
        transport->write("hello");
        co_await until([recorder = protocol.get()] { return recorder->received == "hello"; });
        serving.close();
        serving.close_clients();
        co_await serving.wait_closed();
        co_await until([recorder = protocol.get()] { return recorder->calls.size() == 3; });
        EXPECT_EQ(protocol->calls, (std::vector<std::string>{"made", "eof", "lost"}));
        EXPECT_EQ(protocol->error, nullptr);
    });
}

// -- start_tls ------------------------------------------------------------------------------------

TEST_F(TlsProtocol, StreamsMayBeginTlsInTheMiddle) {
    run([&]() -> Coro<> {
        Server serving = co_await start_server(
            [this](StreamReader reader, StreamWriter writer) -> Coro<> {
                EXPECT_FALSE(writer.ssl_object());
                const std::string order = co_await reader.readline();
                EXPECT_EQ(order, "STARTTLS\n");
                writer.write("go ahead\n");
                co_await writer.start_tls(server);
                const std::string secret = co_await reader.readline();
                writer.write("you said " + secret);
                writer.close();
                co_await writer.wait_closed();
            },
            "127.0.0.1", 0);
        auto [reader, writer] = co_await open_connection("127.0.0.1", serving.sockets()[0].port());
        writer.write("STARTTLS\n");
        const std::string answer = co_await reader.readline();
        EXPECT_EQ(answer, "go ahead\n");
        StartTlsOptions options;
        options.server_hostname = "example.test";
        co_await writer.start_tls(client, options);
        EXPECT_EQ(writer.ssl_object().server_hostname(), "example.test");
        EXPECT_THROW(co_await writer.start_tls(client, options), RuntimeError);
        writer.write("a secret\n");
        const std::string all = co_await reader.read();
        EXPECT_EQ(all, "you said a secret\n");
        serving.close();
        co_await serving.wait_closed();
    });
}

TEST_F(TlsProtocol, WhatTheReaderHadBufferedIsThePeersPartOfTheHandshake) {
    // Text that an attacker inserts after STARTTLS must not be read as if it had been encrypted,
    // and a client that begins the handshake at once must not lose its bytes.
    run([&]() -> Coro<> {
        std::string outcome;
        Server serving = co_await start_server(
            [&](StreamReader reader, StreamWriter writer) -> Coro<> {
                co_await reader.readline();
                co_await sleep(20ms); // by now the rest is in the reader
                try {
                    co_await writer.start_tls(server);
                    outcome = co_await reader.readline();
                } catch (const SSLError& error) {
                    outcome = error.what();
                }
            },
            "127.0.0.1", 0);
        const int port = serving.sockets()[0].port();
        {
            auto [reader, writer] = co_await open_connection("127.0.0.1", port);
            writer.write("STARTTLS\nDELETE everything\n");
            co_await reader.read();
        }
        EXPECT_THAT(outcome, HasSubstr("does not speak TLS"));
        auto [reader, writer] = co_await open_connection("127.0.0.1", port);
        writer.write("STARTTLS\n");
        StartTlsOptions options;
        options.server_hostname = "example.test";
        co_await writer.start_tls(client, options);
        writer.write("hello\n");
        co_await until([&] { return outcome == "hello\n"; });
        writer.close();
        serving.close();
        co_await serving.wait_closed();
    });
}

TEST_F(TlsProtocol, AFailedStartTlsClosesTheStream) {
    run([&]() -> Coro<> {
        Server serving = co_await start_server(
            [](StreamReader reader, StreamWriter) -> Coro<> { co_await reader.read(); },
            "127.0.0.1", 0);
        auto [reader, writer] = co_await open_connection("127.0.0.1", serving.sockets()[0].port());
        StartTlsOptions options;
        EXPECT_THROW(co_await writer.start_tls(client, options), ValueError); // no server_hostname
        EXPECT_FALSE(writer.is_closing());
        options.server_hostname = "example.test";
        options.ssl_handshake_timeout = 20ms;
        EXPECT_THROW(co_await writer.start_tls(client, options), std::system_error);
        EXPECT_TRUE(writer.is_closing());
        serving.close();
        co_await serving.wait_closed();
    });
}

TEST_F(TlsProtocol, StartTlsCanBeCancelledAtEveryStep) {
    const std::size_t before = open_descriptors();
    run([&]() -> Coro<> {
        Server serving = co_await start_server(
            [this](StreamReader reader, StreamWriter writer) -> Coro<> {
                try {
                    co_await writer.start_tls(server);
                    co_await reader.read();
                } catch (const std::system_error&) {
                    // the client has closed the connection
                }
            },
            "127.0.0.1", 0);
        bool is_done = false;
        for (int steps = 0; !is_done; ++steps) {
            if (steps > 1000) {
                ADD_FAILURE() << "it never completes";
                break;
            }
            auto [reader, writer] =
                co_await open_connection("127.0.0.1", serving.sockets()[0].port());
            StartTlsOptions options;
            options.server_hostname = "example.test";
            Task<> task = create_task(writer.start_tls(client, options));
            for (int step = 0; step < steps && !task.done(); ++step) {
                co_await sleep(0s);
            }
            is_done = task.done();
            task.cancel();
            try {
                co_await task;
                EXPECT_TRUE(writer.ssl_object());
            } catch (const CancelledError&) {
                EXPECT_FALSE(is_done);
                // If it was cancelled before it began, it did nothing.
                EXPECT_TRUE(steps == 0 || writer.is_closing());
            }
            writer.close();
        }
        serving.close();
        co_await serving.wait_closed();
    });
    EXPECT_EQ(open_descriptors(), before);
}

TEST_F(TlsProtocol, TransportsMayBeginTlsInTheMiddle) {
    run([&]() -> Coro<> {
        auto plain = std::make_shared<Recorder>();
        const auto factory = [plain] { return plain; };
        EventLoop& loop = get_running_loop();
        Server serving = co_await loop.create_server(factory, "127.0.0.1", 0);
        auto [transport, protocol] = co_await loop.create_connection(
            [] { return std::make_shared<Recorder>(); }, "127.0.0.1", serving.sockets()[0].port());
        co_await until([&] { return !plain->calls.empty(); });
        auto secure = std::make_shared<Echo>();
        secure->transport = plain->transport;
        const auto upgrade = [&]() -> Coro<> {
            StartTlsOptions options;
            options.server_side = true;
            co_await loop.start_tls(*plain->transport, secure, server, options);
        };
        Task<> upgrading = create_task(upgrade);
        co_await turns(2); // otherwise its old protocol would get the first bytes of the handshake
        StartTlsOptions options;
        options.server_hostname = "example.test";
        std::shared_ptr<Transport> upgraded =
            co_await loop.start_tls(*transport, protocol, client, options);
        co_await upgrading;
        EXPECT_EQ(upgraded, transport);
        upgraded->write("hello");
        co_await until([recorder = protocol.get()] { return recorder->received == "hello"; });
        EXPECT_EQ(protocol->calls, std::vector<std::string>{"made"});
        EXPECT_TRUE(secure->calls.empty());
        upgraded->close();
        co_await until([&] { return secure->calls.size() == 2; });
        EXPECT_EQ(secure->calls, (std::vector<std::string>{"eof", "lost"}));
        serving.close();
        co_await serving.wait_closed();
    });
}

} // namespace
} // namespace hocket
