// WebSocket connections between hocket's two ends, and with Python's websockets in both directions.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <tuple>

#include <hocket/hocket.hpp>
#include <hocket/http.hpp>

#include "http/http_peers.hpp"
#include "support/end_of.hpp"
#include "support/tls_contexts.hpp"
#include "support/turns.hpp"

using namespace std::chrono_literals;
using hocket::AsyncGenerator;
using hocket::Coro;
using hocket::run;
using http_tests::PythonPeer;
using testing::HasSubstr;
namespace http = hocket::http;
namespace websockets = hocket::websockets;
using websockets::Connection;

namespace {

Coro<> echo(Connection connection) {
    auto messages = connection.messages();
    while (auto message = co_await messages.next()) {
        if (message->is_text) {
            co_await connection.send(message->data);
        } else {
            co_await connection.send_bytes(message->data);
        }
    }
}

std::string url_of(const hocket::Server& server, const std::string& path = "/") {
    return "ws://127.0.0.1:" + std::to_string(server.sockets().front().port()) + path;
}

PythonPeer& python_server() {
    static PythonPeer peer("websocket_peer.py", {"server"});
    return peer;
}

AsyncGenerator<std::string> pieces(int count, std::size_t size) {
    for (int i = 0; i < count; ++i) {
        co_await hocket::sleep(0s);
        co_yield std::string(size, static_cast<char>('a' + i % 26));
    }
}

TEST(WebSockets, MessagesGoBothWays) {
    run([]() -> Coro<> {
        auto server = co_await websockets::serve(echo, "127.0.0.1", 0);
        auto socket = co_await websockets::connect(url_of(server));
        for (const std::string& text : {std::string(), std::string("hello"), std::string(126, 'x'),
                                        std::string(70'000, 'y')}) {
            co_await socket.send(text);
            const auto as_text = co_await socket.recv();
            EXPECT_TRUE(as_text.is_text);
            EXPECT_EQ(as_text.data, text);
            co_await socket.send_bytes(text);
            const auto as_bytes = co_await socket.recv();
            EXPECT_FALSE(as_bytes.is_text);
            EXPECT_EQ(as_bytes.data, text);
        }
        EXPECT_GT((co_await socket.ping()).count(), 0);
        EXPECT_GT((co_await socket.ping("payload")).count(), 0);
        EXPECT_EQ(socket.close_code(), std::nullopt);
        co_await socket.close();
        EXPECT_EQ(socket.close_code(), 1000);
        EXPECT_TRUE(socket.is_closed());
        EXPECT_THROW(co_await socket.recv(), websockets::ConnectionClosedOK);
        EXPECT_THROW(co_await socket.send("late"), websockets::ConnectionClosedOK);
        server.close();
        co_await server.wait_closed();
    });
}

TEST(WebSockets, FragmentsArePutTogether) {
    run([]() -> Coro<> {
        auto server = co_await websockets::serve(echo, "127.0.0.1", 0);
        auto socket = co_await websockets::connect(url_of(server));
        auto sending = hocket::create_task(socket.send(pieces(20, 10'000)));
        // Pings pass between the fragments.
        EXPECT_GT((co_await socket.ping()).count(), 0);
        co_await sending;
        const auto message = co_await socket.recv();
        EXPECT_EQ(message.data.size(), 200'000u);
        EXPECT_TRUE(message.is_text);
        co_await socket.send(pieces(0, 0), /*is_text=*/false);
        EXPECT_EQ((co_await socket.recv()).data, "");
        co_await socket.close();
    });
}

TEST(WebSockets, TheServerMayCloseFirst) {
    run([]() -> Coro<> {
        auto server = co_await websockets::serve(
            [](Connection connection) -> Coro<> { co_await connection.close(4001, "enough"); },
            "127.0.0.1", 0);
        auto socket = co_await websockets::connect(url_of(server));
        try {
            co_await socket.recv();
            ADD_FAILURE();
        } catch (const websockets::ConnectionClosedError& error) {
            EXPECT_EQ(error.code(), 4001);
            EXPECT_THAT(error.what(), HasSubstr("received 4001 (enough), sent 4001"));
        }
        EXPECT_EQ(socket.close_reason(), "enough");
    });
}

TEST(WebSockets, AHandlerThatThrowsClosesWith1011) {
    run([]() -> Coro<> {
        std::string reported;
        hocket::get_running_loop().set_exception_handler(
            [&reported](hocket::EventLoop&, const hocket::ExceptionContext& context) {
                reported = context.message;
            });
        auto server = co_await websockets::serve(
            [](Connection) -> Coro<> {
                co_await hocket::sleep(0s);
                throw std::domain_error("broken");
            },
            "127.0.0.1", 0);
        auto socket = co_await websockets::connect(url_of(server));
        EXPECT_THROW(co_await socket.recv(), websockets::ConnectionClosedError);
        EXPECT_EQ(socket.close_code(), 1011);
        EXPECT_NE(reported, "");
    });
}

TEST(WebSockets, ARouterUpgradesOnOneOfItsPaths) {
    run([]() -> Coro<> {
        http::Router router;
        const websockets::Names ours{"b", "a"};
        router.get("/chat", [&ours](http::Request& request) {
            return websockets::accept(request, echo, {.subprotocols = ours});
        });
        router.get("/", [](http::Request&) { return http::Response::text("page"); });
        auto server = co_await http::serve(router, "127.0.0.1", 0);
        const std::string page = "http" + url_of(server).substr(2);
        EXPECT_EQ((co_await http::get(page)).text(), "page");
        const auto plain = co_await http::get(page + "chat");
        EXPECT_EQ(plain.status_code(), 426);
        EXPECT_EQ(plain.headers().get("upgrade"), "websocket");
        const websockets::Names offered{"a", "b"};
        auto socket =
            co_await websockets::connect(url_of(server, "/chat?x=1"), {.subprotocols = offered});
        EXPECT_EQ(socket.subprotocol(), "b");
        EXPECT_EQ(socket.path(), "/chat?x=1");
        try {
            co_await websockets::connect(url_of(server, "/"));
            ADD_FAILURE();
        } catch (const websockets::InvalidStatus& error) {
            EXPECT_EQ(error.status_code(), 200);
        }
        co_await socket.close();
    });
}

TEST(WebSockets, OtherOriginsAreRefused) {
    run([]() -> Coro<> {
        const websockets::Names origins{"https://mine.example"};
        auto server = co_await websockets::serve(echo, "127.0.0.1", 0, {.origins = origins});
        auto good =
            co_await websockets::connect(url_of(server), {.origin = "https://mine.example"});
        co_await good.close();
        EXPECT_THROW(
            co_await websockets::connect(url_of(server), {.origin = "https://evil.example"}),
            websockets::InvalidStatus);
        EXPECT_THROW(co_await websockets::connect(url_of(server)), websockets::InvalidStatus);
    });
}

TEST(WebSockets, ASlowReceiverSlowsTheSenderDown) {
    run([]() -> Coro<> {
        std::size_t sent = 0;
        constexpr std::size_t count = 2000;
        auto server = co_await websockets::serve(
            [&sent](Connection connection) -> Coro<> {
                const std::string message(100'000, 'm');
                for (; sent < count; ++sent) co_await connection.send_bytes(message);
            },
            "127.0.0.1", 0);
        auto socket = co_await websockets::connect(url_of(server));
        std::size_t seen = 1;
        for (int quiet = 0; quiet < 2000; ++quiet) {
            co_await hocket::sleep(0s);
            if (std::exchange(seen, sent) != sent) quiet = 0;
        }
        EXPECT_LT(sent, count / 2);
        for (std::size_t i = 0; i < count; ++i) {
            EXPECT_EQ((co_await socket.recv()).data.size(), 100'000u);
        }
        EXPECT_THROW(co_await socket.recv(), websockets::ConnectionClosedOK);
    });
}

TEST(WebSockets, SmallMessagesAreHeldBackToo) {
    run([]() -> Coro<> {
        constexpr int count = 20'000;
        auto server = co_await websockets::serve(
            [](Connection connection) -> Coro<> {
                for (int i = 0; i < count; ++i) co_await connection.send(std::to_string(i));
            },
            "127.0.0.1", 0);
        auto socket = co_await websockets::connect(url_of(server));
        for (int i = 0; i < count; ++i) {
            EXPECT_EQ((co_await socket.recv()).data, std::to_string(i));
        }
    });
}

TEST(WebSockets, CancellingReceiveLosesNoMessage) {
    run([]() -> Coro<> {
        auto server = co_await websockets::serve(echo, "127.0.0.1", 0);
        auto socket = co_await websockets::connect(url_of(server));
        bool was_cancelled = true;
        for (int step = 0; was_cancelled && step < 100'000; step = next_step(step)) {
            const std::string text = std::to_string(step);
            co_await socket.send(text);
            auto receiving = hocket::create_task(socket.recv());
            co_await turns(step);
            receiving.cancel();
            co_await end_of(receiving);
            was_cancelled = receiving.cancelled();
            if (was_cancelled) {
                EXPECT_EQ((co_await socket.recv()).data, text);
            } else {
                EXPECT_EQ((co_await receiving).data, text);
            }
        }
        EXPECT_FALSE(was_cancelled);
        co_await socket.close();
    });
}

TEST(WebSockets, ConnectAndCloseCanBeCancelledAnywhere) {
    run([]() -> Coro<> {
        auto server = co_await websockets::serve(echo, "127.0.0.1", 0);
        bool was_cancelled = true;
        for (int step = 0; was_cancelled && step < 100'000; step = next_step(step)) {
            const std::string url = url_of(server);
            auto whole = hocket::create_task([](std::string to) -> Coro<> {
                auto socket = co_await websockets::connect(to);
                co_await socket.send("x");
                co_await socket.recv();
                co_await socket.ping();
                co_await socket.close();
            }(url));
            co_await turns(step);
            whole.cancel();
            co_await end_of(whole);
            was_cancelled = whole.cancelled();
        }
        EXPECT_FALSE(was_cancelled);
        server.close();
        co_await server.wait_closed(); // no connection is left
    });
}

TEST(WebSockets, ALoopMayEndWithOpenConnections) {
    hocket::EventLoop loop;
    auto kept = loop.run_until_complete([]() -> Coro<Connection> {
        auto server = co_await websockets::serve(echo, "127.0.0.1", 0);
        auto other = hocket::create_task([](std::string url) -> Coro<> {
            auto socket = co_await websockets::connect(url);
            co_await socket.recv();
        }(url_of(server)));
        auto socket = co_await websockets::connect(url_of(server));
        co_await socket.ping();
        co_return socket;
    }());
    loop.close(); // the task of `other` and those of the server are destroyed
    EXPECT_EQ(kept.subprotocol(), "");
}

TEST(WebSockets, WhatMustNotBeSentIsRefused) {
    run([]() -> Coro<> {
        auto server = co_await websockets::serve(echo, "127.0.0.1", 0);
        auto socket = co_await websockets::connect(url_of(server));
        EXPECT_THROW(std::ignore = socket.send("\xff"), hocket::ValueError);
        EXPECT_THROW(std::ignore = socket.send("\xed\xa0\x80"), hocket::ValueError);
        EXPECT_THROW(std::ignore = socket.pong(std::string(126, 'x')), hocket::ValueError);
        EXPECT_THROW(co_await socket.ping(std::string(126, 'x')), hocket::ValueError);
        EXPECT_THROW(co_await socket.close(1005), hocket::ValueError);
        EXPECT_THROW(co_await socket.close(1000, std::string(124, 'x')), hocket::ValueError);
        co_await socket.close();
        EXPECT_THROW(std::ignore = websockets::connect("http://127.0.0.1/"),
                     websockets::InvalidURI);
        EXPECT_THROW(std::ignore = websockets::connect("ws://127.0.0.1/\r\nX: y"),
                     websockets::InvalidURI);
        const websockets::Names bad{"a\r\nX: y"};
        EXPECT_THROW(std::ignore = websockets::connect("ws://127.0.0.1/", {.subprotocols = bad}),
                     hocket::ValueError);
    });
}

TEST(WebSockets, APeerThatDoesNotAnswerPingsIsLost) {
    run([]() -> Coro<> {
        hocket::Event close;
        auto server = co_await http_tests::ScriptedServer::start(
            [&close](hocket::StreamReader reader, hocket::StreamWriter) -> Coro<> {
                co_await reader.readuntil("\r\n\r\n");
                co_await close.wait();
            });
        // A server that accepts and stays silent.
        const std::string silent = "ws" + server->url().substr(4);
        EXPECT_THROW(co_await websockets::connect(silent, {.open_timeout = 20ms}),
                     hocket::TimeoutError);
        // One that answers the handshake but then no ping.
        auto deaf = co_await websockets::serve(
            [](Connection connection) -> Coro<> {
                auto messages = connection.messages();
                while (co_await messages.next()) {
                }
            },
            "127.0.0.1", 0);
        websockets::ConnectOptions options;
        options.ping_interval = 1ms;
        options.ping_timeout = 1ns;
        auto socket = co_await websockets::connect(url_of(deaf), options);
        try {
            co_await socket.recv();
            ADD_FAILURE();
        } catch (const websockets::ConnectionClosedError& error) {
            EXPECT_THAT(error.what(), HasSubstr("keepalive ping timeout"));
        }
        close.set();
    });
}

TEST(WebSockets, PythonsServerIsAPeer) {
    run([]() -> Coro<> {
        const std::string server = python_server().url("", "ws");
        const websockets::Names names{"chat.v1", "chat.v2"};
        auto socket = co_await websockets::connect(server + "/echo", {.subprotocols = names});
        EXPECT_TRUE(socket.subprotocol() == "chat.v1" || socket.subprotocol() == "chat.v2");
        for (std::size_t size : {0, 1, 125, 126, 65'535, 65'536, 1'000'000}) {
            co_await socket.send(std::string(size, 'x'));
            EXPECT_EQ((co_await socket.recv()).data.size(), size);
        }
        co_await socket.send(pieces(5, 1000));
        EXPECT_EQ((co_await socket.recv()).data.size(), 5000u);
        EXPECT_GT((co_await socket.ping("p")).count(), 0);
        co_await socket.close(3001, "done");
        EXPECT_EQ(socket.close_code(), 3001);

        auto closing = co_await websockets::connect(server + "/close/4000");
        EXPECT_THROW(co_await closing.recv(), websockets::ConnectionClosedError);
        EXPECT_EQ(closing.close_code(), 4000);
        EXPECT_EQ(closing.close_reason(), "as asked");

        auto fragments = co_await websockets::connect(server + "/fragments");
        EXPECT_EQ((co_await fragments.recv()).data, "one two three");
        EXPECT_EQ((co_await fragments.recv()).data, std::string("\0\xff", 2));
        EXPECT_THROW(co_await fragments.recv(), websockets::ConnectionClosedOK);

        auto dying = co_await websockets::connect(server + "/die");
        co_await dying.send("x");
        EXPECT_THROW(co_await dying.recv(), websockets::ConnectionClosedError);
        EXPECT_EQ(dying.close_code(), 1006);

        const http::Headers headers{{"X-Mine", "1"}};
        auto seen =
            co_await websockets::connect(server + "/headers", {.additional_headers = headers});
        EXPECT_THAT((co_await seen.recv()).data, HasSubstr("X-Mine: 1"));
    });
}

void expect_pythons_client_is_happy(bool with_tls) {
    run([](bool uses_tls) -> Coro<> {
        TlsContexts contexts;
        const websockets::Names ours{"chat.v1"};
        http::Router router;
        router.get("/echo", [&ours](http::Request& request) {
            return websockets::accept(request, echo, {.subprotocols = ours});
        });
        http::ServeOptions options;
        if (uses_tls) options.server.ssl = contexts.server;
        auto server = co_await http::serve(router, "127.0.0.1", 0, options);
        const std::string port = std::to_string(server.sockets().front().port());
        const std::string authority =
            uses_tls ? contexts.folder.file("authority.pem", contexts.authority_pem()) : "";
        const std::string script = HOCKET_HTTP_TESTS_DIR "/websocket_peer.py";
        hocket::SubprocessOptions piped;
        piped.stdout = hocket::subprocess::PIPE;
        piped.stderr = hocket::subprocess::STDOUT;
        auto process = co_await hocket::create_subprocess_exec(piped, "/usr/bin/python3", script,
                                                               "client", port, authority);
        const auto [output, errors] = co_await process.communicate();
        EXPECT_EQ(output, "good\n");
    }(with_tls));
}

TEST(WebSockets, PythonsClientIsAPeer) { expect_pythons_client_is_happy(false); }

TEST(WebSockets, PythonsClientIsAPeerOverTls) { expect_pythons_client_is_happy(true); }

TEST(WebSockets, TlsIsUsedForWss) {
    run([]() -> Coro<> {
        TlsContexts contexts;
        websockets::AcceptOptions options;
        options.http.server.ssl = contexts.server;
        auto server = co_await websockets::serve(echo, "127.0.0.1", 0, options);
        const std::string url = "wss" + url_of(server).substr(2);
        auto socket = co_await websockets::connect(url, {.ssl = contexts.client});
        co_await socket.send("secret");
        EXPECT_EQ((co_await socket.recv()).data, "secret");
        co_await socket.close();
        EXPECT_THROW(co_await websockets::connect(url), hocket::SSLCertVerificationError);
    });
}

} // namespace
