// Requests and responses, at the level of bytes.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <hocket/hocket.hpp>
#include <hocket/http.hpp>

#include "http/http_server.hpp"

using namespace http_tests;
using namespace std::chrono_literals;
using hocket::Coro;
using http::Request;
using http::Response;
using testing::AllOf;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

namespace {

Coro<Response> hello(Request&) { co_return Response::text("hello"); }

Coro<Response> echo(Request& request) {
    std::string body = co_await request.body().read();
    co_return Response::text(std::move(body));
}

http::Router simple() {
    http::Router router;
    router.get("/", hello);
    router.get("/plain", [](Request&) { return Response::text("plain"); });
    router.post("/echo", echo);
    router.post("/ignore", hello);
    return router;
}

const std::string keep = " HTTP/1.1\r\nHost: h\r\n\r\n";

} // namespace

TEST(HttpServer, AnswersWithDateLengthAndType) {
    RunningServer server(simple());
    EXPECT_THAT(server.request("GET /"),
                AllOf(StartsWith("HTTP/1.1 200 OK\r\nDate: "), HasSubstr(" GMT\r\n"),
                      HasSubstr("\r\nContent-Type: text/plain; charset=utf-8\r\n"),
                      HasSubstr("\r\nContent-Length: 5\r\n"),
                      EndsWith("\r\nConnection: close\r\n\r\nhello")));
}

TEST(HttpServer, AnswersPipelinedRequestsInTheirOrder) {
    RunningServer server(simple());
    std::string bytes;
    for (int i = 0; i < 500; ++i) {
        bytes += (i % 3 == 0 ? "GET /" : "GET /plain") + keep;
        bytes +=
            "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\n" + std::to_string(100 + i);
    }
    std::string all =
        server.exchange(bytes + "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    std::vector<std::string> bodies;
    for (std::size_t at = 0; (at = all.find("\r\n\r\n", at)) != std::string::npos;) {
        at += 4;
        bodies.push_back(all.substr(at, std::min(all.find("HTTP/1.1", at), all.size()) - at));
    }
    ASSERT_EQ(bodies.size(), 1001U);
    for (std::size_t i = 0; i < 500; ++i) {
        ASSERT_EQ(bodies[2 * i], i % 3 == 0 ? "hello" : "plain") << i;
        ASSERT_EQ(bodies[2 * i + 1], std::to_string(100 + i));
    }
}

TEST(HttpServer, AnswersARequestThatComesByteByByte) {
    RunningServer server(simple());
    const ClientSocket client(server.port());
    for (const char c :
         std::string("POST /echo HTTP/1.1\r\nHost: h\r\nConnection: close\r\n"
                     "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n")) {
        client.send({&c, 1});
    }
    EXPECT_EQ(body_of(client.receive_all()), "abcde");
}

TEST(HttpServer, TakesAnEmptyLineAfterABodyInHalves) {
    RunningServer server(simple(), {.limits = {.idle_time = 1h}});
    const std::string post = "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc\r";
    const std::string get = "\nGET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";
    const ClientSocket client(server.port());
    client.send(post);
    ASSERT_TRUE(client.has_news_within(60s)); // it has taken the first half
    client.send(get);
    EXPECT_THAT(client.receive_all(), AllOf(HasSubstr("abcHTTP/1.1 200 "), EndsWith("hello")));
    // The second half never comes.
    const ClientSocket leaving(server.port());
    leaving.send(post);
    leaving.shut_down_writing();
    EXPECT_EQ(body_of(leaving.receive_all()), "abc");
}

TEST(HttpServer, SpeaksHttp10) {
    RunningServer server(simple());
    EXPECT_THAT(server.exchange("GET / HTTP/1.0\r\n\r\n"), HasSubstr("\r\nConnection: close\r\n"));
    EXPECT_THAT(server.exchange("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"
                                "GET / HTTP/1.0\r\n\r\n"),
                AllOf(HasSubstr("\r\nConnection: keep-alive\r\n"), EndsWith("close\r\n\r\nhello")));
    EXPECT_EQ(status_of(server.exchange("POST /echo HTTP/1.0\r\n\r\n")), "411");
}

TEST(HttpServer, AnswersHeadWithTheHeadAlone) {
    RunningServer server(simple());
    EXPECT_THAT(server.request("HEAD /"),
                AllOf(HasSubstr("\r\nContent-Length: 5\r\n"), EndsWith("\r\n\r\n")));
}

TEST(HttpServer, AnswersAClientThatHasShutDownItsSide) {
    RunningServer server(simple());
    const ClientSocket client(server.port());
    client.send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nab");
    client.shut_down_writing();
    EXPECT_EQ(body_of(client.receive_all()), "ab");
}

TEST(HttpServer, AnswersAHandlersExceptionWith500AndReportsIt) {
    http::Router router;
    router.get("/late", [](Request&) -> Coro<Response> {
        co_await hocket::sleep(0s);
        throw std::runtime_error("secret");
    });
    router.get("/now", [](Request&) -> Response { throw std::runtime_error("secret"); });
    RunningServer server(router);
    for (const char* path : {"/late", "/now"}) {
        const std::string response = server.request(std::string("GET ") + path);
        EXPECT_EQ(status_of(response), "500");
        EXPECT_THAT(response, Not(HasSubstr("secret")));
    }
    server.stop();
    EXPECT_THAT(server.reports(),
                ElementsAre("unhandled exception in the HTTP handler for GET /late",
                            "unhandled exception in the HTTP handler for GET /now"));
}

TEST(HttpServer, AnswersAStatusErrorWithItsStatusAndDoesNotReportIt) {
    http::Router router;
    router.get("/", [](Request&) -> Response {
        throw http::StatusError(401, "log in", {{"WWW-Authenticate", "Basic"}});
    });
    RunningServer server(router);
    EXPECT_THAT(server.request("GET /"), AllOf(StartsWith("HTTP/1.1 401 Unauthorized\r\n"),
                                               HasSubstr("\r\nWWW-Authenticate: Basic\r\n"),
                                               EndsWith("401 Unauthorized: log in\n")));
    server.stop();
    EXPECT_THAT(server.reports(), testing::IsEmpty());
    EXPECT_THROW(http::StatusError(200), hocket::ValueError);
    EXPECT_THROW(Response(99), hocket::ValueError);
}

TEST(HttpServer, StreamsAGeneratorInChunks) {
    http::Router router;
    router.get("/", [](Request&) -> Response {
        const auto pieces = []() -> hocket::AsyncGenerator<std::string> {
            co_yield "abc";
            co_yield std::string(); // not an end
            co_await hocket::sleep(0s);
            co_yield std::string(20, 'x');
        };
        Response response = Response::stream(pieces(), "text/plain");
        response.trailers = [] { return http::Headers{{"Checksum", "7"}}; };
        return response;
    });
    RunningServer server(router);
    EXPECT_THAT(
        server.request("GET /"),
        AllOf(HasSubstr("\r\nTransfer-Encoding: chunked\r\n"),
              EndsWith(
                  "\r\n\r\n3\r\nabc\r\n14\r\nxxxxxxxxxxxxxxxxxxxx\r\n0\r\nChecksum: 7\r\n\r\n")));
    // A client of HTTP/1.0 reads until the end, even if it asked for keep-alive.
    EXPECT_THAT(server.exchange("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"),
                AllOf(Not(HasSubstr("chunked")), HasSubstr("Connection: close"),
                      EndsWith("\r\n\r\nabcxxxxxxxxxxxxxxxxxxxx")));
    EXPECT_THAT(server.request("HEAD /"), EndsWith("\r\n\r\n"));
}

TEST(HttpServer, AbortsTheConnectionWhenAStreamFails) {
    http::Router router;
    router.get("/throws", [](Request&) -> Response {
        const auto pieces = []() -> hocket::AsyncGenerator<std::string> {
            co_yield "abc";
            throw std::runtime_error("broken");
        };
        return Response::stream(pieces(), "text/plain");
    });
    router.get("/short", [](Request&) -> Response {
        const auto pieces = []() -> hocket::AsyncGenerator<std::string> { co_yield "abc"; };
        Response response = Response::stream(pieces(), "text/plain");
        response.headers.set("Content-Length", "4");
        return response;
    });
    RunningServer server(router);
    EXPECT_THAT(server.request("GET /throws"), Not(HasSubstr("\r\n0\r\n")));
    EXPECT_THAT(server.request("GET /short"), Not(EndsWith("abcd")));
    server.stop();
    EXPECT_THAT(server.reports(), testing::SizeIs(2));
}

TEST(HttpServer, DoesNotAdvanceAStreamThatTheClientDoesNotRead) {
    static constexpr int pieces_in_all = 2000;
    auto made = std::make_shared<std::atomic<int>>(0);
    http::Router router;
    router.get("/", [made](Request&) -> Response {
        const auto pieces =
            [](std::shared_ptr<std::atomic<int>> count) -> hocket::AsyncGenerator<std::string> {
            for (int i = 0; i < pieces_in_all; ++i) {
                ++*count;
                co_yield std::string(10'000, 'x');
            }
        };
        return Response::stream(pieces(made), "text/plain");
    });
    router.get("/made", [made](Request&) { return Response::text(std::to_string(*made)); });
    RunningServer server(router);
    const ClientSocket client(server.port());
    client.send("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    ASSERT_TRUE(client.has_news_within(20s));
    // The kernel's buffers take some megabytes of the twenty.
    EXPECT_LT(std::stoi(body_of(server.request("GET /made"))), pieces_in_all);
    client.receive_all();
    EXPECT_EQ(body_of(server.request("GET /made")), std::to_string(pieces_in_all));
}

TEST(HttpServer, CancelsTheHandlerWhenTheConnectionIsLost) {
    std::promise<void> entered;
    std::promise<bool> left;
    http::Router router;
    router.get("/", [&](Request&) -> Coro<Response> {
        entered.set_value();
        bool cancelled = false;
        try {
            co_await hocket::sleep(1h);
        } catch (const hocket::CancelledError&) {
            cancelled = true;
        }
        left.set_value(cancelled);
        if (cancelled) throw hocket::CancelledError();
        co_return Response();
    });
    RunningServer server(router);
    {
        const ClientSocket client(server.port());
        client.send("GET /" + keep);
        entered.get_future().wait();
        client.reset_on_close();
    }
    EXPECT_TRUE(left.get_future().get());
    server.stop();
    EXPECT_THAT(server.reports(), testing::IsEmpty());
}

TEST(HttpServer, SkipsABodyThatTheHandlerHasNotRead) {
    RunningServer server(simple());
    const std::string post = "POST /ignore HTTP/1.1\r\nHost: h\r\n";
    EXPECT_THAT(server.exchange(post + "Content-Length: 5\r\n\r\nGET /" + post +
                                "Transfer-Encoding: chunked\r\n\r\n5\r\nGET /\r\n0\r\n\r\n" +
                                "GET /plain HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"),
                AllOf(Not(HasSubstr("400")), EndsWith("plain")));
    // One that is too large to be skipped ends the connection, after the answer.
    EXPECT_THAT(
        server.exchange(post + "Content-Length: 1000000\r\n\r\n" + std::string(200'000, 'x')),
        AllOf(StartsWith("HTTP/1.1 200 "), HasSubstr("\r\nConnection: close\r\n"),
              EndsWith("hello")));
}

TEST(HttpServer, SendsFieldsOfTheHandlerButDecidesTheFramingItself) {
    http::Router router;
    router.get("/", [](Request&) {
        Response response = Response::text("12345");
        response.headers.add("X-A", "1");
        response.headers.add("Content-Length", "3");
        response.headers.add("Transfer-Encoding", "chunked");
        response.headers.add("Content-Type", "a/b");
        return response;
    });
    router.get("/none", [](Request&) { return Response(204); });
    RunningServer server(router);
    EXPECT_THAT(server.request("GET /"),
                AllOf(HasSubstr("\r\nX-A: 1\r\n"), HasSubstr("\r\nContent-Length: 5\r\n"),
                      HasSubstr("\r\nContent-Type: a/b\r\n"), Not(HasSubstr("chunked")),
                      Not(HasSubstr("text/plain")), Not(HasSubstr("Length: 3"))));
    EXPECT_THAT(server.request("GET /none"),
                AllOf(StartsWith("HTTP/1.1 204 No Content\r\n"), Not(HasSubstr("Content-Length"))));
}

TEST(HttpServer, LeavesHttpForAnUpgrade) {
    class Echo final : public hocket::Protocol {
    public:
        void data_received(std::string_view data) override { out->write(data); }
        bool eof_received() override {
            ended.set();
            return false;
        }
        hocket::Transport* out = nullptr;
        hocket::Event ended;
    };
    http::Router router;
    router.get("/", [](Request&) {
        return Response::upgrade({{"Upgrade", "echo"}}, [](http::Upgraded upgraded) -> Coro<> {
            const auto protocol = std::make_shared<Echo>();
            protocol->out = upgraded.transport.get();
            upgraded.transport->set_protocol(std::shared_ptr<hocket::Protocol>(protocol));
            protocol->out->write(upgraded.received);
            co_await protocol->ended.wait();
        });
    });
    RunningServer server(router);
    const ClientSocket client(server.port());
    client.send("GET /" + keep + "early");
    client.send(" late");
    client.shut_down_writing();
    EXPECT_EQ(client.receive_all(), "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n"
                                    "Upgrade: echo\r\n\r\nearly late");
}
