// Servers that fail, limits, cancellation and the end of sessions.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <system_error>
#include <thread>

#include <sys/socket.h>

#include <hocket/hocket.hpp>
#include <hocket/http.hpp>

#include "crawl/client_socket.hpp"
#include "http/http_peers.hpp"
#include "support/end_of.hpp"
#include "support/open_descriptors.hpp"
#include "support/turns.hpp"

using namespace std::chrono_literals;
using hocket::Coro;
using hocket::run;
using hocket::StreamReader;
using hocket::StreamWriter;
using http_tests::answering;
using http_tests::http_peer;
using http_tests::ok;
using http_tests::ScriptedServer;
using testing::HasSubstr;
namespace http = hocket::http;

namespace {

/// Reads and never answers.
Coro<> silent(StreamReader reader, StreamWriter) { co_await reader.read(); }

TEST(HttpClientFaults, ASilentServerIsAReadTimeout) {
    run([]() -> Coro<> {
        const auto server = co_await ScriptedServer::start(silent);
        http::Session session({.timeout = 20ms});
        try {
            co_await session.get(server->url());
            ADD_FAILURE();
        } catch (const http::ReadTimeout& error) {
            EXPECT_THAT(error.what(), HasSubstr("the server sent nothing for 0.02"));
            EXPECT_EQ(error.url(), server->url());
        }
    });
}

TEST(HttpClientFaults, AnUnreachableAddressIsAConnectTimeout) {
    run([]() -> Coro<> {
        // A listening socket whose queue is full does not answer.
        std::error_code error;
        hocket::Socket listening = hocket::Socket::create(AF_INET, SOCK_STREAM, 0, error);
        EXPECT_FALSE(listening.bind(*hocket::SocketAddress::from_ip("127.0.0.1", 0)));
        EXPECT_FALSE(listening.listen(0));
        const auto address = listening.local_address();
        std::vector<hocket::Socket> fillers;
        fillers.reserve(4);
        for (int i = 0; i < 4; ++i) {
            fillers.push_back(hocket::Socket::create(AF_INET, SOCK_STREAM, 0, error));
            hocket::create_task(hocket::get_running_loop().sock_connect(fillers.back(), address));
        }
        co_await turns(10);
        http::Session session({.timeout = 50ms});
        EXPECT_THROW(co_await session.get("http://127.0.0.1:" + std::to_string(address.port())),
                     http::ConnectTimeout);
    });
}

TEST(HttpClientFaults, AServerThatReadsNothingIsAWriteTimeout) {
    run([]() -> Coro<> {
        const auto server = co_await ScriptedServer::start(
            [](StreamReader, StreamWriter writer) -> Coro<> { co_await writer.wait_closed(); });
        http::Session session({.timeout = 50ms});
        const std::string body(std::size_t{64} * 1024 * 1024, 'x');
        EXPECT_THROW(co_await session.post(server->url(), {.content = body}), http::WriteTimeout);
        hocket::AsyncGenerator<std::string> stream =
            [](const std::string& all) -> hocket::AsyncGenerator<std::string> {
            co_yield all;
        }(body);
        EXPECT_THROW(co_await session.post(server->url(), {.stream = stream}), http::WriteTimeout);
    });
}

TEST(HttpClientFaults, AnExhaustedPoolIsAPoolTimeoutAndRecovers) {
    run([]() -> Coro<> {
        const auto quiet = co_await ScriptedServer::start(silent);
        const auto server = co_await ScriptedServer::start(answering(ok("hello")));
        http::Session session({.timeout = {std::nullopt}, .limits = {.max_connections = 2}});
        auto first = hocket::create_task(session.get(quiet->url()));
        auto second = hocket::create_task(session.get(quiet->url()));
        co_await turns(20);
        http::Timeout timeout;
        timeout.pool = 20ms;
        try {
            co_await session.get(server->url(), {.timeout = timeout});
            ADD_FAILURE();
        } catch (const http::PoolTimeout& error) {
            EXPECT_THAT(error.what(), HasSubstr("the limits are 2 connections"));
        }
        // One that waits for a connection can be cancelled, and others still get one.
        auto third = hocket::create_task(session.get(server->url()));
        auto fourth = hocket::create_task(session.get(server->url()));
        co_await turns(20);
        third.cancel();
        EXPECT_THROW(co_await third, hocket::CancelledError);
        first.cancel();
        EXPECT_THROW(co_await first, hocket::CancelledError);
        EXPECT_EQ((co_await fourth).text(), "hello");
        second.cancel();
        co_await end_of(second);
    });
}

TEST(HttpClientFaults, ConnectionsOfAHostAreLimited) {
    run([]() -> Coro<> {
        int connections = 0;
        int most = 0;
        const auto server =
            co_await ScriptedServer::start([&](StreamReader reader, StreamWriter writer) -> Coro<> {
                most = std::max(most, ++connections);
                for (;;) {
                    const std::string head = co_await reader.readuntil("\r\n\r\n");
                    co_await turns(3);
                    writer.write(ok("x"));
                }
            });
        http::Session session({.limits = {.max_connections_per_host = 3}});
        std::vector<Coro<http::ClientResponse>> requests;
        for (int i = 0; i < 30; ++i) requests.push_back(session.get(server->url()));
        co_await hocket::gather(std::move(requests));
        EXPECT_LE(most, 3);
        server->server().abort_clients();
        co_await turns(5);
    });
}

TEST(HttpClientFaults, BrokenResponsesAreProtocolErrors) {
    run([]() -> Coro<> {
        const std::array<std::string, 6> answers{
            "",                                                              // the end, at once
            "HTTP/1.1 200 OK\r\nContent-Le",                                 // half a head
            "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345",            // half a body
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel", // half a chunk
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",   // no chunk
            "SSH-2.0-OpenSSH_9.2\r\n",                                       // another protocol
        };
        for (const std::string& answer : answers) {
            const auto server = co_await ScriptedServer::start(
                [&answer](StreamReader reader, StreamWriter writer) -> Coro<> {
                    co_await reader.readuntil("\r\n\r\n");
                    writer.write(answer);
                });
            http::Session session;
            EXPECT_THROW(co_await session.get(server->url()), http::ProtocolError) << answer;
        }
    });
}

TEST(HttpClientFaults, AnIncompleteResponseSaysHowMuchArrived) {
    struct Case {
        std::string answer;
        std::uint64_t received;
        std::optional<std::uint64_t> expected;
    };
    run([]() -> Coro<> {
        const std::array<Case, 4> cases{{
            {"", 0, std::nullopt},
            {"HTTP/1.1 200 OK\r\nContent-Le", 0, std::nullopt},
            {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345", 5, 10},
            {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel", 3, std::nullopt},
        }};
        for (const Case& expected : cases) {
            const auto server = co_await ScriptedServer::start(
                [&expected](StreamReader reader, StreamWriter writer) -> Coro<> {
                    co_await reader.readuntil("\r\n\r\n");
                    writer.write(expected.answer);
                });
            http::Session session;
            try {
                co_await session.get(server->url());
                ADD_FAILURE() << expected.answer;
            } catch (const http::IncompleteResponse& error) {
                EXPECT_EQ(error.received(), expected.received) << expected.answer;
                EXPECT_EQ(error.expected(), expected.expected) << expected.answer;
            }
        }
    });
}

TEST(HttpClientFaults, NetworkErrorsHaveTheSystemsCode) {
    run([]() -> Coro<> {
        http::Session session;
        try {
            co_await session.get("http://127.0.0.1:" + std::to_string(crawl_tests::free_port()));
            ADD_FAILURE();
        } catch (const http::ConnectError& error) {
            EXPECT_EQ(error.code(), std::errc::connection_refused);
        }
        const auto server =
            co_await ScriptedServer::start([](StreamReader reader, StreamWriter writer) -> Coro<> {
                co_await reader.readuntil("\r\n\r\n");
                const linger hard{1, 0};
                ::setsockopt(writer.socket().fileno(), SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
                writer.abort();
            });
        try {
            co_await session.get(server->url());
            ADD_FAILURE();
        } catch (const http::ReadError& error) {
            EXPECT_EQ(error.code(), std::errc::connection_reset);
        }
    });
}

TEST(HttpClientFaults, TooLargeResponsesAreRefused) {
    run([]() -> Coro<> {
        const auto server =
            co_await ScriptedServer::start([](StreamReader reader, StreamWriter writer) -> Coro<> {
                const std::string head = co_await reader.readuntil("\r\n\r\n");
                writer.write("HTTP/1.1 200 OK\r\n");
                // Neither ends.
                const std::string piece = head.starts_with("GET /head")
                                              ? "X-Padding: " + std::string(1000, 'x') + "\r\n"
                                              : std::string(10'000, 'x');
                if (!head.starts_with("GET /head")) writer.write("\r\n");
                for (;;) {
                    writer.write(piece);
                    co_await writer.drain();
                }
            });
        http::Session session({.limits = {.max_header_bytes = 10'000, .max_body_bytes = 50'000}});
        try {
            co_await session.get(server->url("/head"));
            ADD_FAILURE();
        } catch (const http::BodyTooLarge& error) {
            EXPECT_THAT(error.what(),
                        HasSubstr("headers of the response exceeds the limit of 10000"));
        }
        EXPECT_THROW(co_await session.get(server->url("/body")), http::BodyTooLarge);
        EXPECT_THROW(co_await session.get(server->url("/body"), {.max_body_bytes = 1000}),
                     http::BodyTooLarge);
    });
}

TEST(HttpClientFaults, AServerThatIsStartedAgainIsUsedAgain) {
    run([]() -> Coro<> {
        http::Session session;
        int port = 0;
        for (int round = 0; round < 3; ++round) {
            const auto server = co_await ScriptedServer::start(
                [](StreamReader reader, StreamWriter writer) -> Coro<> {
                    for (;;) {
                        const std::string head = co_await reader.readuntil("\r\n\r\n");
                        if (head.starts_with("GET /stream")) {
                            writer.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nbegin");
                        } else {
                            writer.write(ok("hello"));
                        }
                    }
                },
                {}, port);
            port = server->port();
            EXPECT_EQ((co_await session.get(server->url())).text(), "hello");
            auto stream = co_await session.stream("GET", server->url("/stream"));
            EXPECT_EQ(co_await stream.read_some(), "begin");
            // The server dies in the middle of the stream.
            server->server().close();
            server->server().abort_clients();
            EXPECT_THROW(co_await stream.read_some(), http::TransportError);
            EXPECT_THROW(co_await session.get(server->url()), http::TransportError);
            co_await server->server().wait_closed();
        }
    });
}

TEST(HttpClientFaults, CancellingAtAnyPointFreesTheTransfer) {
    run([]() -> Coro<> {
        const auto server =
            co_await ScriptedServer::start(answering(ok(std::string(100'000, 'x'))));
        http::Session session;
        bool was_cancelled = true;
        for (int step = 0; was_cancelled && step < 100'000; step = next_step(step)) {
            auto request = hocket::create_task(session.get(server->url()));
            co_await turns(step);
            request.cancel();
            co_await end_of(request);
            was_cancelled = request.cancelled();
            // No later request gets the rest of this one's response.
            const auto next = co_await session.get(server->url());
            EXPECT_EQ(next.text().size(), 100'000u);
        }
        EXPECT_FALSE(was_cancelled);
    });
}

TEST(HttpClientFaults, CancellingAStreamedUploadAtAnyPointFreesIt) {
    run([]() -> Coro<> {
        http::Session session;
        bool was_cancelled = true;
        for (int step = 0; was_cancelled && step < 100'000; step = next_step(step)) {
            auto body = [](int count) -> hocket::AsyncGenerator<std::string> {
                for (int i = 0; i < count; ++i) {
                    co_await hocket::sleep(0s);
                    co_yield std::string(10'000, 'x');
                }
            }(20);
            const std::string url = http_peer().url("/upload");
            auto request = hocket::create_task(session.post(url, {.stream = body}));
            co_await turns(step);
            request.cancel();
            co_await end_of(request);
            was_cancelled = request.cancelled();
        }
        EXPECT_FALSE(was_cancelled);
        EXPECT_EQ((co_await session.get(http_peer().url("/echo"))).status_code(), 200);
    });
}

TEST(HttpClientFaults, ACancelledReadLosesNoData) {
    run([]() -> Coro<> {
        hocket::Event go_on;
        const auto server =
            co_await ScriptedServer::start([&](StreamReader reader, StreamWriter writer) -> Coro<> {
                co_await reader.readuntil("\r\n\r\n");
                writer.write("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
                co_await go_on.wait();
                writer.write("hello");
            });
        http::Session session;
        auto response = co_await session.stream("GET", server->url());
        auto read = hocket::create_task(response.read_some());
        co_await turns(3);
        go_on.set();
        read.cancel();
        co_await end_of(read);
        EXPECT_TRUE(read.cancelled());
        EXPECT_EQ(co_await response.aread(), "hello");
    });
}

TEST(HttpClientFaults, DestroyingASessionEndsItsRequests) {
    run([]() -> Coro<> {
        const auto server = co_await ScriptedServer::start(silent);
        auto session = std::make_unique<http::Session>();
        auto request = hocket::create_task(session->get(server->url()));
        auto unstarted = session->get(server->url());
        co_await turns(10);
        session.reset();
        EXPECT_THROW(co_await request, http::CloseError);
        EXPECT_THROW(co_await std::move(unstarted), hocket::RuntimeError);
    });
}

TEST(HttpClientFaults, AStreamMayOutliveItsSession) {
    run([]() -> Coro<> {
        auto session = std::make_unique<http::Session>();
        auto stream = co_await session->stream("GET", http_peer().url("/pieces/100000"));
        session.reset();
        try {
            for (;;) co_await stream.read_some();
        } catch (const http::CloseError& error) {
            EXPECT_THAT(error.what(), HasSubstr("the session was closed"));
        }
    });
}

TEST(HttpClientFaults, ALoopMayEndWithRequestsRunning) {
    const auto before = [] {
        run([]() -> Coro<> { co_await hocket::sleep(0s); });
        return open_descriptors();
    }();
    for (int i = 0; i < 3; ++i) {
        hocket::EventLoop loop;
        auto session = std::make_unique<http::Session>();
        loop.run_until_complete([](http::Session& used) -> Coro<> {
            const auto server = co_await ScriptedServer::start(silent);
            hocket::create_task(used.get(server->url()));
            auto body = []() -> hocket::AsyncGenerator<std::string> {
                co_yield "begin";
                co_await hocket::sleep(1h);
            }();
            hocket::create_task(used.post(server->url(), {.stream = body}));
            co_await turns(10);
        }(*session));
        loop.close();
        session.reset();
    }
    EXPECT_TRUE(no_more_descriptors_than(before));
}

TEST(HttpClientFaults, ASessionBelongsToOneLoop) {
    http::Session session;
    const std::string url = http_peer().url("/echo");
    hocket::EventLoop first;
    first.run_until_complete([](http::Session& used, std::string to) -> Coro<> {
        EXPECT_EQ((co_await used.get(to)).status_code(), 200);
    }(session, url));
    run([](http::Session& used, std::string to) -> Coro<> {
        EXPECT_THROW(co_await used.get(to), hocket::RuntimeError);
    }(session, url));
}

TEST(HttpClientFaults, EachThreadMayHaveALoopAndASession) {
    const std::string url = http_peer().url("/compressed");
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([url] {
            run([](std::string from) -> Coro<> {
                http::Session session;
                for (int n = 0; n < 20; ++n) {
                    EXPECT_EQ((co_await session.get(from)).text().size(), 24'000u);
                }
            }(url));
        });
    }
    for (auto& thread : threads) thread.join();
}

TEST(HttpClientFaults, AClosedKeepAliveConnectionIsNotUsed) {
    run([]() -> Coro<> {
        const auto server =
            co_await ScriptedServer::start([](StreamReader reader, StreamWriter writer) -> Coro<> {
                co_await reader.readuntil("\r\n\r\n");
                writer.write(ok("one"));
            });
        http::Session session;
        for (int i = 0; i < 20; ++i) EXPECT_EQ((co_await session.get(server->url())).text(), "one");
    });
}

} // namespace
