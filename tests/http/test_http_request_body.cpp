// The bodies of requests: framing, limits, back-pressure, Expect, trailers.

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
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

namespace {

Coro<Response> echo(Request& request) {
    std::string body = co_await request.body().read();
    co_return Response::text(std::move(body));
}

Coro<Response> count(Request& request) {
    std::size_t bytes = 0;
    auto chunks = request.body().chunks();
    while (auto piece = co_await chunks.next()) {
        bytes += piece->size();
    }
    co_return Response::text(std::to_string(bytes));
}

http::Router routes() {
    http::Router router;
    router.post("/echo", echo);
    router.post("/count", [](Request& request) -> Coro<Response> {
        request.body().set_limit(100'000'000);
        co_return co_await count(request);
    });
    router.post("/trailers", [](Request& request) -> Coro<Response> {
        static_cast<void>(co_await request.body().read());
        co_return Response::text(std::string(request.trailers().get("Checksum", "none")));
    });
    return router;
}

const std::string post = "POST /echo HTTP/1.1\r\nHost: h\r\nConnection: close\r\n";

} // namespace

TEST(HttpRequestBody, IsReadWithALengthAndInChunks) {
    RunningServer server(routes());
    EXPECT_EQ(body_of(server.exchange(post + "Content-Length: 3\r\n\r\nabc")), "abc");
    EXPECT_EQ(body_of(server.exchange(post + "Content-Length: 0\r\n\r\n")), "");
    EXPECT_EQ(body_of(server.exchange(post + "\r\n")), "");
    EXPECT_EQ(body_of(server.exchange(
                  post + "Transfer-Encoding: Chunked\r\n\r\n"
                         "A;name=\"quoted; value\"\r\n0123456789\r\n1\r\n.\r\n000\r\n\r\n")),
              "0123456789.");
}

TEST(HttpRequestBody, HasTrailers) {
    RunningServer server(routes());
    const std::string request = "POST /trailers HTTP/1.1\r\nHost: h\r\nConnection: close\r\n"
                                "Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n";
    EXPECT_EQ(body_of(server.exchange(request + "Checksum: 7\r\n\r\n")), "7");
    EXPECT_EQ(body_of(server.exchange(request + "\r\n")), "none");
    EXPECT_EQ(status_of(server.exchange(request + "Checksum : 7\r\n\r\n")), "400");
    EXPECT_EQ(status_of(server.exchange(request + "Content-Length: 7\r\n\r\n")), "400");
    EXPECT_EQ(status_of(server.exchange(request + "X: " + std::string(100'000, 'x'))), "431");
}

TEST(HttpRequestBody, IsRefusedAboveItsLimit) {
    RunningServer server(routes(), {.limits = {.body = 10}});
    EXPECT_EQ(body_of(server.exchange(post + "Content-Length: 10\r\n\r\n0123456789")),
              "0123456789");
    // Refused before it is received, and without asking for it.
    EXPECT_THAT(server.exchange(post + "Content-Length: 11\r\nExpect: 100-continue\r\n\r\n"),
                StartsWith("HTTP/1.1 413 "));
    EXPECT_THAT(server.exchange(post + "Transfer-Encoding: chunked\r\n\r\n"
                                       "6\r\n012345\r\n6\r\n012345\r\n0\r\n\r\n"),
                StartsWith("HTTP/1.1 413 "));
    // A route may accept more.
    const std::string body(100'000, 'x');
    EXPECT_EQ(body_of(server.request("POST /count", "Content-Length: 100000\r\n", body)), "100000");
}

TEST(HttpRequestBody, IsAskedForWhenTheHandlerReadsIt) {
    RunningServer server(routes());
    const ClientSocket client(server.port());
    client.send(post + "Content-Length: 3\r\nExpect: 100-continue\r\n\r\n");
    EXPECT_EQ(client.receive(), "HTTP/1.1 100 Continue\r\n\r\n");
    client.send("abc");
    EXPECT_EQ(body_of(client.receive_all()), "abc");
    EXPECT_EQ(status_of(server.exchange(post + "Expect: miracles\r\n\r\n")), "417");
}

TEST(HttpRequestBody, SlowsTheClientDownUntilItIsRead) {
    // The handler waits until the client has been stopped by TCP.
    hocket::Event* read = nullptr;
    std::promise<void> entered;
    http::Router router;
    router.post("/", [&](Request& request) -> Coro<Response> {
        hocket::Event event;
        read = &event;
        entered.set_value();
        co_await event.wait();
        request.body().set_limit(1'000'000'000);
        co_return co_await count(request);
    });
    RunningServer server(router);
    const ClientSocket client(server.port());
    client.send(
        "POST / HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 50000000\r\n\r\n");
    entered.get_future().wait();
    const std::string piece(100'000, 'x');
    std::size_t sent = 0;
    while (sent < 50'000'000) {
        const std::size_t now = client.send_without_waiting(piece);
        if (now == 0) break;
        sent += now;
    }
    EXPECT_LT(sent, 50'000'000U);
    server.loop().call_soon_threadsafe([&] { read->set(); });
    client.send(std::string(50'000'000 - sent, 'x'));
    EXPECT_EQ(body_of(client.receive_all()), "50000000");
}

TEST(HttpRequestBody, ThatEndsEarlyIsA400) {
    RunningServer server(routes());
    const ClientSocket client(server.port());
    client.send(post + "Content-Length: 30\r\n\r\nabc");
    client.shut_down_writing();
    EXPECT_EQ(status_of(client.receive_all()), "400");
}

TEST(HttpRequestBody, ThatIsMalformedIsA400) {
    RunningServer server(routes());
    for (const char* body :
         {"x\r\n", "\r\n\r\n", "5\nhello\r\n", "5\r\nhelloX0\r\n\r\n", "-1\r\n\r\n",
          "0x5\r\nhello\r\n\r\n", "5 \r\nhello\r\n0\r\n\r\n", "+5\r\nhello\r\n",
          "fffffffffffffffff\r\n", "5;\r\nhello\r\n", "5\r\nhello\n0\r\n\r\n"}) {
        EXPECT_EQ(status_of(server.exchange(post + "Transfer-Encoding: chunked\r\n\r\n" + body)),
                  "400")
            << testing::PrintToString(body);
    }
    // Extensions are ignored, but not without a limit.
    std::string many;
    for (int i = 0; i < 300; ++i) many += "1;" + std::string(100, 'a') + "\r\nx\r\n";
    EXPECT_EQ(status_of(server.exchange(post + "Transfer-Encoding: chunked\r\n\r\n" + many)),
              "400");
}

TEST(HttpRequestBody, IsReadByOneTaskAtATime) {
    http::Router router;
    router.post("/", [](Request& request) -> Coro<Response> {
        auto first = hocket::create_task(request.body().read());
        co_await hocket::sleep(0s);
        std::string error = "none";
        try {
            static_cast<void>(co_await request.body().read());
        } catch (const hocket::RuntimeError& caught) {
            error = caught.what();
        }
        first.cancel();
        co_return Response::text(error);
    });
    RunningServer server(router);
    EXPECT_THAT(server.request("POST /", "Content-Length: 5\r\n"),
                EndsWith("another task already waits for this HTTP connection"));
}

TEST(HttpRequestBody, CanBeReadWhileTheResponseIsSent) {
    http::Router router;
    router.post("/", [](Request& request) -> Coro<Response> {
        co_return Response::stream(request.body().chunks(), "text/plain");
    });
    RunningServer server(router);
    const ClientSocket client(server.port());
    client.send("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
    std::string received;
    while (received.find("abc") == std::string::npos) received += client.receive();
    client.send("2\r\nde\r\n0\r\n\r\nGET /none HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    EXPECT_THAT(client.receive_all(), AllOf(HasSubstr("2\r\nde\r\n0\r\n\r\n"), HasSubstr("404")));
}
