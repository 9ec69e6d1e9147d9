#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include <sys/socket.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <hocket/connection.hpp>
#include <hocket/event.hpp>
#include <hocket/event_loop.hpp>
#include <hocket/run.hpp>
#include <hocket/sleep.hpp>
#include <hocket/ssl_context.hpp>
#include <hocket/start_server.hpp>
#include <hocket/timeout.hpp>

#include "support/open_descriptors.hpp"
#include "support/tls_contexts.hpp"
#include "support/turns.hpp"

namespace hocket {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

Coro<> echo(StreamReader reader, StreamWriter writer) {
    std::vector<char> space(16'384);
    while (const std::size_t size = co_await reader.read_into(space)) {
        writer.write(std::string_view(space.data(), size));
        co_await writer.drain();
    }
    writer.close();
}

class TlsStreams : public ::testing::Test, protected TlsContexts {
protected:
    template <class H> Coro<Server> serve(H handler) {
        ServerOptions options;
        options.ssl = server;
        return start_server(std::move(handler), "127.0.0.1", 0, options);
    }
    Coro<Connection> connect(const Server& to) { return connect(to, client); }
    static Coro<Connection> connect(const Server& to, const SSLContext& context) {
        ConnectOptions options;
        options.ssl = context;
        return open_connection("localhost", to.sockets()[0].port(), options);
    }
    /// The same without a name lookup: a lookup has its own descriptors, on a thread that a
    /// cancellation does not stop.
    Coro<Connection> connect_by_digits(const Server& to) {
        ConnectOptions options;
        options.ssl = client;
        options.server_hostname = "localhost";
        return open_connection("127.0.0.1", to.sockets()[0].port(), options);
    }
    /// The client's error message for a server with `identity`.
    std::string refusal(const certificates::Identity& identity,
                        const std::vector<certificates::Identity>& chain = {}) {
        show(server, identity, chain);
        std::string what;
        run([&]() -> Coro<> {
            Server serving = co_await serve(echo);
            try {
                Connection connection = co_await connect(serving);
                ADD_FAILURE() << "connected";
            } catch (const SSLCertVerificationError& error) {
                what = error.what();
                EXPECT_NE(error.verify_code(), 0);
                EXPECT_THAT(what, HasSubstr(error.verify_message()));
            }
            serving.close();
            co_await serving.wait_closed();
        });
        return what;
    }
};

TEST_F(TlsStreams, EchoesALine) {
    run([&]() -> Coro<> {
        Server serving = co_await serve(echo);
        auto [reader, writer] = co_await connect(serving);
        writer.write("hello\n");
        const std::string line = co_await reader.readline();
        EXPECT_EQ(line, "hello\n");
        writer.close();
        co_await writer.wait_closed();
        serving.close();
        co_await serving.wait_closed();
    });
}

TEST_F(TlsStreams, TellWhatWasAgreedUpon) {
    server.set_alpn_protocols({"h2", "http/1.1"});
    client.set_alpn_protocols({"spdy", "http/1.1"});
    run([&]() -> Coro<> {
        SSLObject servers;
        Server serving = co_await serve([&](StreamReader reader, StreamWriter writer) -> Coro<> {
            servers = writer.ssl_object();
            co_await echo(reader, writer);
        });
        auto [reader, writer] = co_await connect(serving);
        const SSLObject ours = writer.ssl_object();
        EXPECT_TRUE(ours);
        EXPECT_EQ(ours.version(), "TLSv1.3");
        EXPECT_EQ(ours.selected_alpn_protocol(), "http/1.1");
        EXPECT_EQ(ours.server_hostname(), "localhost");
        EXPECT_FALSE(ours.server_side());
        EXPECT_THAT(ours.cipher()->name, HasSubstr("TLS_"));
        EXPECT_GE(ours.cipher()->secret_bits, 128);
        const PeerCertificate certificate = *ours.getpeercert();
        EXPECT_EQ(certificate.subject, "CN=example.test");
        EXPECT_EQ(certificate.issuer, "CN=test authority");
        EXPECT_THAT(certificate.not_after, HasSubstr(" UTC"));
        const std::vector<std::pair<std::string, std::string>> names{{"DNS", "example.test"},
                                                                     {"DNS", "localhost"},
                                                                     {"IP Address", "127.0.0.1"},
                                                                     {"IP Address", "::1"}};
        EXPECT_EQ(certificate.subject_alt_name, names);
        EXPECT_GT(certificate.der.size(), 200U);
        writer.close();
        co_await writer.wait_closed();
        EXPECT_EQ(ours.version(), "TLSv1.3"); // still known
        EXPECT_TRUE(servers.server_side());
        EXPECT_EQ(servers.server_hostname(), "localhost");
        EXPECT_FALSE(servers.getpeercert());
        EXPECT_EQ(servers.selected_alpn_protocol(), "http/1.1");
        serving.close();
    });
}

TEST_F(TlsStreams, ConnectByAddressAndToUnixSockets) {
    run([&]() -> Coro<> {
        Server serving = co_await serve(echo);
        ConnectOptions options;
        options.ssl = client;
        Connection by_address =
            co_await open_connection("127.0.0.1", serving.sockets()[0].port(), options);
        EXPECT_EQ(by_address.writer.ssl_object().server_hostname(), "");
        const std::string path = folder.path() / "socket";
        ServerOptions server_options;
        server_options.ssl = server;
        Server unix_server = co_await start_unix_server(echo, path, server_options);
        options.server_hostname = "example.test";
        auto [reader, writer] = co_await open_unix_connection(path, options);
        writer.write("hello\n");
        const std::string line = co_await reader.readline();
        EXPECT_EQ(line, "hello\n");
        serving.close();
        unix_server.close();
    });
}

TEST_F(TlsStreams, AMebibyteComesBack) {
    run([&]() -> Coro<> {
        Server serving = co_await serve(echo);
        auto [reader, writer] = co_await connect(serving);
        std::string message(1 << 20, '\0');
        for (std::size_t i = 0; i < message.size(); ++i) {
            message[i] = static_cast<char>(i * 31 + i / 251);
        }
        const auto send = [&message, writer = writer]() mutable -> Coro<> {
            for (std::size_t i = 0; i < message.size(); i += 10'000) {
                writer.write(std::string_view(message).substr(i, 10'000));
                co_await writer.drain();
            }
        };
        Task<> sending = create_task(send);
        const std::string back = co_await reader.readexactly(message.size());
        EXPECT_TRUE(back == message);
        co_await sending;
        writer.close();
        serving.close();
    });
}

TEST_F(TlsStreams, ReadToTheEndEndsWithThePeersGoodbye) {
    run([&]() -> Coro<> {
        Server serving = co_await serve([](StreamReader, StreamWriter writer) -> Coro<> {
            writer.write("all of it");
            writer.close();
            co_return;
        });
        auto [reader, writer] = co_await connect(serving);
        const std::string all = co_await reader.read();
        EXPECT_EQ(all, "all of it");
        EXPECT_TRUE(reader.at_eof());
        co_await writer.wait_closed();
        EXPECT_TRUE(writer.is_closing()); // close_notify from one side ends both directions
        serving.close();
        co_await serving.wait_closed();
    });
}

TEST_F(TlsStreams, AnEndWithoutGoodbyeIsAnErrorAfterTheData) {
    run([&]() -> Coro<> {
        Server serving = co_await serve([](StreamReader, StreamWriter writer) -> Coro<> {
            writer.write("a line\nhalf of");
            co_await turns(3);
            // As after a crash, or an attack on the connection.
            ::shutdown(writer.socket().fileno(), SHUT_WR);
            co_await writer.wait_closed();
        });
        auto [reader, writer] = co_await connect(serving);
        while (!reader.exception()) {
            co_await sleep(1ms);
        }
        const std::string line = co_await reader.readline();
        EXPECT_EQ(line, "a line\n");
        EXPECT_THROW(co_await reader.read(), SSLEOFError);
        EXPECT_THROW(co_await reader.readexactly(100), SSLEOFError);
        const std::string rest = co_await reader.read(4);
        EXPECT_EQ(rest, "half");
        EXPECT_THROW(co_await writer.wait_closed(), SSLEOFError);
        serving.close();
    });
}

TEST_F(TlsStreams, AnEndWithoutGoodbyeMayBeSuppressed) {
    client.set_suppress_ragged_eofs(true);
    run([&]() -> Coro<> {
        Server serving = co_await serve([](StreamReader, StreamWriter writer) -> Coro<> {
            writer.write("half of");
            co_await turns(3);
            ::shutdown(writer.socket().fileno(), SHUT_WR);
            co_await writer.wait_closed();
        });
        auto [reader, writer] = co_await connect(serving);
        const std::string all = co_await reader.read();
        EXPECT_EQ(all, "half of");
        serving.close();
    });
}

TEST_F(TlsStreams, HaveNoEndOfFileInOneDirection) {
    run([&]() -> Coro<> {
        Server serving = co_await serve(echo);
        auto [reader, writer] = co_await connect(serving);
        EXPECT_FALSE(writer.can_write_eof());
        EXPECT_THROW(writer.write_eof(), RuntimeError);
        serving.close();
    });
}

// -- certificates ---------------------------------------------------------------------------------

TEST_F(TlsStreams, SayWhyACertificateIsRefused) {
    EXPECT_THAT(
        refusal(certificates::make({.hosts = "DNS:localhost", .valid_until = -60}, &authority)),
        HasSubstr("the certificate of localhost (127.0.0.1 port "));
    EXPECT_THAT(
        refusal(certificates::make({.hosts = "DNS:localhost", .valid_until = -60}, &authority)),
        HasSubstr(") expired on 20"));
    EXPECT_THAT(refusal(certificates::make({.hosts = "DNS:a.test, DNS:b.test"}, &authority)),
                HasSubstr(" is for a.test, b.test, not for localhost"));
    EXPECT_THAT(refusal(certificates::make({.hosts = "DNS:localhost"})),
                HasSubstr("is signed by itself"));
}

TEST_F(TlsStreams, NeedTheWholeChain) {
    const auto middle = certificates::make_authority("middle", &authority);
    const auto identity = certificates::make_server(middle);
    EXPECT_THAT(refusal(identity), HasSubstr("was issued by CN=middle, whose certificate was not "
                                             "sent along"));
    show(server, identity, {middle});
    run([&]() -> Coro<> {
        Server serving = co_await serve(echo);
        Connection connection = co_await connect(serving);
        serving.close();
    });
}

TEST_F(TlsStreams, RefuseWhatWasRevoked) {
    const auto identity = certificates::make_server(authority);
    client.load_verify_locations(
        {.cafile = folder.file("revoked.pem", certificates::revocation_list(authority, identity))});
    client.set_verify_flags(client.verify_flags() | VERIFY_CRL_CHECK_LEAF);
    EXPECT_THAT(refusal(identity), HasSubstr("has been revoked"));
}

TEST_F(TlsStreams, TrustNoCertificateByDefault) {
    const SSLContext nobody(Purpose::SERVER_AUTH);
    run([&]() -> Coro<> {
        Server serving = co_await serve(echo);
        EXPECT_THROW(co_await connect(serving, nobody), SSLCertVerificationError);
        ConnectOptions options;
        options.ssl = true; // the system trusts other authorities
        EXPECT_THROW(co_await open_connection("localhost", serving.sockets()[0].port(), options),
                     SSLCertVerificationError);
        serving.close();
    });
}

TEST_F(TlsStreams, BelieveAnybodyWhenToldTo) {
    SSLContext anybody(Purpose::SERVER_AUTH);
    anybody.set_check_hostname(false);
    anybody.set_verify_mode(VerifyMode::CERT_NONE);
    run([&]() -> Coro<> {
        Server serving = co_await serve(echo);
        Connection connection = co_await connect(serving, anybody);
        serving.close();
    });
}

TEST_F(TlsStreams, AskClientsForTheirCertificates) {
    server.set_verify_mode(VerifyMode::CERT_REQUIRED);
    server.load_verify_locations({.cadata = authority_pem()});
    run([&]() -> Coro<> {
        std::string subject;
        Server serving = co_await serve([&](StreamReader reader, StreamWriter writer) -> Coro<> {
            subject = writer.ssl_object().getpeercert()->subject;
            co_await echo(reader, writer);
        });
        {
            // With TLS 1.3, a client completes its handshake before the server checks its
            // certificate.
            auto [reader, writer] = co_await connect(serving);
            EXPECT_THROW(co_await reader.read(), SSLError);
        }
        EXPECT_EQ(subject, "");
        show(client, certificates::make({.common_name = "a client"}, &authority));
        auto [reader, writer] = co_await connect(serving);
        writer.write("hello\n");
        const std::string line = co_await reader.readline();
        EXPECT_EQ(line, "hello\n");
        EXPECT_EQ(subject, "CN=a client");
        serving.close();
    });
}

// -- names, sessions ------------------------------------------------------------------------------

TEST_F(TlsStreams, AServerMayShowACertificateForEachName) {
    SSLContext other = create_default_context(Purpose::CLIENT_AUTH);
    show(other,
         certificates::make({.common_name = "other", .hosts = "DNS:other.test"}, &authority));
    std::vector<std::string> asked;
    server.set_sni_callback([&](std::string_view name) -> std::optional<SSLContext> {
        asked.emplace_back(name);
        if (name == "bad.test") {
            throw RuntimeError("nobody of that name");
        }
        return name == "other.test" ? std::optional(other) : std::nullopt;
    });
    run([&]() -> Coro<> {
        Server serving = co_await serve(echo);
        ConnectOptions options;
        options.ssl = client;
        for (const char* name : {"example.test", "other.test"}) {
            options.server_hostname = name;
            Connection connection =
                co_await open_connection("127.0.0.1", serving.sockets()[0].port(), options);
            const std::string expected =
                std::string(name) == "other.test" ? "other" : "example.test";
            EXPECT_EQ(connection.writer.ssl_object().getpeercert()->subject, "CN=" + expected);
        }
        options.server_hostname = "bad.test";
        EXPECT_THROW(co_await open_connection("127.0.0.1", serving.sockets()[0].port(), options),
                     SSLError);
        serving.close();
    });
    EXPECT_EQ(asked, (std::vector<std::string>{"example.test", "other.test", "bad.test"}));
}

TEST_F(TlsStreams, AConnectionMayResumeAnEarlierOne) {
    for (const TLSVersion version : {TLSVersion::TLSv1_2, TLSVersion::TLSv1_3}) {
        client.set_maximum_version(version);
        run([&]() -> Coro<> {
            Server serving = co_await serve(echo);
            SSLSession session;
            {
                auto [reader, writer] = co_await connect(serving);
                EXPECT_FALSE(writer.ssl_object().session_reused());
                writer.write("hello\n");
                co_await reader.readline(); // the ticket arrives first
                session = writer.ssl_object().session();
                EXPECT_TRUE(session.is_resumable());
                EXPECT_TRUE(session.has_ticket());
                writer.close();
                co_await writer.wait_closed();
            }
            ConnectOptions options;
            options.ssl = client;
            options.ssl_session = session;
            auto [reader, writer] =
                co_await open_connection("localhost", serving.sockets()[0].port(), options);
            EXPECT_TRUE(writer.ssl_object().session_reused());
            writer.write("again\n");
            const std::string line = co_await reader.readline();
            EXPECT_EQ(line, "again\n");
            serving.close();
        });
    }
}

// -- handshakes that fail, or never end -----------------------------------------------------------

TEST_F(TlsStreams, AServerOutlivesClientsThatSpeakNoTls) {
    run([&]() -> Coro<> {
        int handled = 0;
        Server serving = co_await serve([&](StreamReader reader, StreamWriter writer) -> Coro<> {
            ++handled;
            co_await echo(reader, writer);
        });
        get_running_loop().set_exception_handler(
            [](EventLoop&, const ExceptionContext& context) { ADD_FAILURE() << context.message; });
        for (int i = 0; i < 3; ++i) {
            auto [reader, writer] =
                co_await open_connection("127.0.0.1", serving.sockets()[0].port());
            writer.write("GET / HTTP/1.1\r\n\r\n");
            co_await reader.read(); // an alert, and the end of the stream
        }
        EXPECT_EQ(handled, 0);
        auto [reader, writer] = co_await connect(serving);
        writer.write("hello\n");
        const std::string line = co_await reader.readline();
        EXPECT_EQ(line, "hello\n");
        EXPECT_EQ(handled, 1);
        writer.close();
        serving.close();
        co_await serving.wait_closed();
    });
}

TEST_F(TlsStreams, InDebugModeFailedHandshakesOfClientsAreReported) {
    std::vector<std::string> reports;
    run([&]() -> Coro<> {
        get_running_loop().set_debug(true);
        get_running_loop().set_exception_handler([&](EventLoop&, const ExceptionContext& context) {
            reports.push_back(context.message);
        });
        Server serving = co_await serve(echo);
        auto [reader, writer] = co_await open_connection("127.0.0.1", serving.sockets()[0].port());
        writer.write("GET / HTTP/1.1\r\n\r\n");
        co_await reader.read();
        serving.close();
        co_await serving.wait_closed();
    });
    EXPECT_EQ(reports, std::vector<std::string>{"TLS handshake with a client failed"});
}

TEST_F(TlsStreams, AServerThatSpeaksNoTlsIsNamed) {
    run([&]() -> Coro<> {
        Server serving = co_await start_server(
            [](StreamReader, StreamWriter writer) -> Coro<> {
                writer.write("220 mail.test ESMTP\r\n");
                co_await writer.wait_closed();
            },
            "127.0.0.1", 0);
        try {
            co_await connect(serving);
            ADD_FAILURE();
        } catch (const SSLError& error) {
            EXPECT_THAT(error.what(), HasSubstr("TLS handshake with localhost (127.0.0.1 port "));
            EXPECT_THAT(error.what(), HasSubstr("which does not speak TLS here"));
        }
        serving.close();
    });
}

TEST_F(TlsStreams, AHandshakeHasADeadline) {
    run([&]() -> Coro<> {
        Server silent = co_await start_server(
            [](StreamReader reader, StreamWriter) -> Coro<> { co_await reader.read(); },
            "127.0.0.1", 0);
        ConnectOptions options;
        options.ssl = client;
        options.ssl_handshake_timeout = 20ms;
        try {
            co_await open_connection("localhost", silent.sockets()[0].port(), options);
            ADD_FAILURE();
        } catch (const std::system_error& error) {
            EXPECT_EQ(error.code(), std::errc::connection_aborted);
            EXPECT_THAT(error.what(), HasSubstr("took longer than 20 ms"));
        }
        silent.close();
        co_await silent.wait_closed();
    });
}

TEST_F(TlsStreams, AServersHandshakesHaveADeadlineToo) {
    run([&]() -> Coro<> {
        ServerOptions options;
        options.ssl = server;
        options.ssl_handshake_timeout = 20ms;
        Server serving = co_await start_server(echo, "127.0.0.1", 0, options);
        auto [reader, writer] = co_await open_connection("127.0.0.1", serving.sockets()[0].port());
        writer.write("\x16"); // only the first byte of a handshake
        const std::string nothing = co_await reader.read();
        EXPECT_EQ(nothing, "");
        serving.close();
        co_await serving.wait_closed();
    });
}

TEST_F(TlsStreams, AClosedServerStillWaitsForHandshakesUntilTheyAreAborted) {
    run([&]() -> Coro<> {
        Server serving = co_await serve(echo);
        auto [reader, writer] = co_await open_connection("127.0.0.1", serving.sockets()[0].port());
        co_await turns(5);
        serving.close();
        serving.abort_clients();
        co_await serving.wait_closed();
    });
}

TEST_F(TlsStreams, OptionsThatMakeNoSenseAreValueErrors) {
    ConnectOptions options;
    options.server_hostname = "example.test";
    EXPECT_THROW(static_cast<void>(open_connection("localhost", 1, options)), ValueError);
    options.ssl = client;
    options.ssl_handshake_timeout = 0s;
    EXPECT_THROW(static_cast<void>(open_connection("localhost", 1, options)), ValueError);
    options.ssl_handshake_timeout.reset();
    options.ssl_shutdown_timeout = -1s;
    EXPECT_THROW(static_cast<void>(open_connection("localhost", 1, options)), ValueError);
    ConnectOptions nameless;
    nameless.ssl = client;
    EXPECT_THROW(static_cast<void>(open_unix_connection("/nowhere", nameless)), ValueError);
    EXPECT_THROW(static_cast<void>(open_connection("", 1, nameless)), ValueError);
    run([]() -> Coro<> {
        ServerOptions server_options;
        server_options.ssl = true;
        EXPECT_THROW(co_await start_server(echo, "127.0.0.1", 0, server_options), ValueError);
    });
}

TEST_F(TlsStreams, OptionsMayBeWrittenInsideTheCall) {
    const std::string name = "a-name-that-is-longer-than-what-fits-into.the-option-itself.test";
    show(server, certificates::make({.hosts = "DNS:" + name}, &authority));
    run([&]() -> Coro<> {
        Server serving = co_await start_server(echo, "127.0.0.1", 0, {.ssl = server});
        auto [reader, writer] = co_await open_connection("127.0.0.1", serving.sockets()[0].port(),
                                                         {.ssl = client, .server_hostname = name});
        EXPECT_EQ(writer.ssl_object().server_hostname(), name);
        serving.close();
    });
}

// -- cancellation ---------------------------------------------------------------------------------

TEST_F(TlsStreams, AHandshakeCanBeCancelledAtEveryStep) {
    const std::size_t before = open_descriptors();
    run([&]() -> Coro<> {
        Server serving = co_await serve(echo);
        bool is_done = false;
        int places = 0;
        for (int steps = 0; !is_done; ++steps, ++places) {
            if (places > 1000) {
                ADD_FAILURE() << "it never completes";
                break;
            }
            Task<Connection> task = create_task(connect_by_digits(serving));
            for (int step = 0; step < steps && !task.done(); ++step) {
                co_await sleep(0s);
            }
            is_done = task.done();
            task.cancel();
            try {
                Connection connection = co_await task;
                EXPECT_TRUE(is_done);
                connection.writer.write("hello\n");
                const std::string line = co_await connection.reader.readline();
                EXPECT_EQ(line, "hello\n");
                connection.writer.close();
                co_await connection.writer.wait_closed();
            } catch (const CancelledError&) {
                EXPECT_FALSE(is_done);
            }
        }
        EXPECT_GT(places, 3);
        serving.close();
        co_await serving.wait_closed();
    });
    EXPECT_EQ(open_descriptors(), before);
}

TEST_F(TlsStreams, AHandshakeThatIsDoneInTheTurnOfItsCancellationIsUndone) {
    const std::size_t before = open_descriptors();
    run([&]() -> Coro<> {
        // The server's handler runs in the turn in which the client's handshake is done, or later.
        // Cancel the client at every event.
        Server serving = co_await serve(echo);
        for (int polls = 1; polls < 30; ++polls) {
            Task<Connection> task = create_task(connect_by_digits(serving));
            EventLoop& loop = get_running_loop();
            for (int i = 0; i < polls; ++i) {
                co_await sleep(30us);
            }
            loop.call_soon([task]() mutable { task.cancel(); });
            try {
                Connection connection = co_await task;
                connection.writer.close();
                co_await connection.writer.wait_closed();
            } catch (const CancelledError&) {
            }
        }
        serving.close();
        co_await serving.wait_closed();
    });
    EXPECT_EQ(open_descriptors(), before);
}

TEST_F(TlsStreams, AClosedLoopForgetsItsHandshakes) {
    const std::size_t before = open_descriptors();
    {
        EventLoop loop;
        Server serving = loop.run_until_complete(serve(echo));
        Task<Connection> task = loop.create_task(connect_by_digits(serving));
        loop.run_until_complete([]() -> Coro<> { co_await turns(4); }());
        loop.close();
    }
    EXPECT_EQ(open_descriptors(), before);
}

} // namespace
} // namespace hocket
