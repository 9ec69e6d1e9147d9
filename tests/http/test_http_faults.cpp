// Clients that are slow, silent, gone or too many.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include <fcntl.h>
#include <sys/resource.h>

#include <hocket/hocket.hpp>
#include <hocket/http.hpp>

#include "http/http_server.hpp"
#include "support/open_descriptors.hpp"

using namespace http_tests;
using namespace std::chrono_literals;
using hocket::Coro;
using http::Request;
using http::Response;
using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

namespace {

http::Router routes() {
    http::Router router;
    router.get("/", [](Request&) { return Response::text("hello"); });
    router.post("/", [](Request& request) -> Coro<Response> {
        request.body().set_limit(1'000'000'000);
        const std::string body = co_await request.body().read();
        co_return Response::text(std::to_string(body.size()));
    });
    router.get("/large", [](Request&) { return Response::text(std::string(50'000'000, 'x')); });
    return router;
}

const std::string get = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";

/// Sends one byte after the other until the server answers, or for a minute.
std::string drip(const ClientSocket& client) {
    const auto limit = std::chrono::steady_clock::now() + 60s;
    while (!client.has_news_within(20ms) && std::chrono::steady_clock::now() < limit) {
        client.send("x");
    }
    return client.receive_all();
}

} // namespace

TEST(HttpFaults, AHeadThatNeverEndsIsA408) {
    RunningServer server(routes(), {.limits = {.head_time = 300ms}});
    for (const char* begin : {"G", "GET / HTTP/1.1\r\nX: "}) {
        const ClientSocket client(server.port());
        client.send(begin);
        EXPECT_THAT(drip(client),
                    AllOf(StartsWith("HTTP/1.1 408 "), HasSubstr("Connection: close")));
    }
}

TEST(HttpFaults, ABodyThatNeverEndsIsA408) {
    RunningServer server(routes(), {.limits = {.body_time = 300ms, .body_rate = 1000}});
    for (const char* framing :
         {"Content-Length: 1000000\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\nfffff\r\n"}) {
        const ClientSocket client(server.port());
        client.send(std::string("POST / HTTP/1.1\r\nHost: h\r\n") + framing);
        EXPECT_THAT(drip(client),
                    AllOf(StartsWith("HTTP/1.1 408 "), HasSubstr("Connection: close")));
    }
}

TEST(HttpFaults, ASilentConnectionIsClosed) {
    RunningServer server(routes(), {.limits = {.idle_time = 100ms}});
    const ClientSocket silent(server.port());
    EXPECT_EQ(silent.receive_all(), "");
    const ClientSocket client(server.port());
    client.send(get);
    EXPECT_THAT(client.receive_all(), EndsWith("hello"));
}

TEST(HttpFaults, AClientThatDoesNotTakeItsAnswerIsCutOff) {
    RunningServer server(routes(), {.limits = {.write_time = 300ms}});
    const std::size_t before = open_descriptors();
    const ClientSocket client(server.port());
    client.send("GET /large HTTP/1.1\r\nHost: h\r\n\r\n");
    ASSERT_TRUE(client.has_news_within(20s));
    // The server closes its end, although the client does not read.
    EXPECT_TRUE(no_more_descriptors_than(before + 1));
    EXPECT_LT(client.receive_all().size(), 50'000'000U);
}

TEST(HttpFaults, AHeadThatIsTooLargeIsRefusedBeforeItsEnd) {
    RunningServer server(routes(), {.limits = {.target = 100, .head = 1000, .fields = 5}});
    EXPECT_EQ(status_of(server.exchange("GET /" + std::string(300, 'a'))), "414");
    EXPECT_EQ(status_of(server.request("GET /" + std::string(120, 'a'))), "414");
    EXPECT_EQ(status_of(server.exchange("GET / HTTP/1.1\r\nX: " + std::string(1000, 'a'))), "431");
    EXPECT_EQ(status_of(server.request("GET /", "X: " + std::string(1000, 'a') + "\r\n")), "431");
    EXPECT_EQ(status_of(server.request("GET /", "A: 1\r\nB: 1\r\nC: 1\r\n")), "200");
    EXPECT_EQ(status_of(server.request("GET /", "A: 1\r\nB: 1\r\nC: 1\r\nD: 1\r\n")), "431");
}

TEST(HttpFaults, AHeadMayBeLargerThanTheBuffer) {
    RunningServer server(routes(), {.limits = {.buffer = 10}});
    const ClientSocket client(server.port());
    const std::string request = "GET / HTTP/1.1\r\nHost: h\r\nX: " + std::string(300, 'x') +
                                "\r\nConnection: close\r\n\r\n";
    for (const char c : request) client.send({&c, 1});
    EXPECT_EQ(body_of(client.receive_all()), "hello");
}

TEST(HttpFaults, ARequestThatEndsEarlyIsA400) {
    RunningServer server(routes());
    const ClientSocket client(server.port());
    client.send("GET / HTT");
    client.shut_down_writing();
    EXPECT_EQ(status_of(client.receive_all()), "400");
}

TEST(HttpFaults, TheEndOfABodyThatNobodyReadsIsTheEndOfTheConnection) {
    RunningServer server(routes(), {.limits = {.idle_time = 1h}});
    const ClientSocket client(server.port());
    client.send("POST /nowhere HTTP/1.1\r\nHost: h\r\nContent-Length: 8\r\n\r\nabc");
    client.shut_down_writing();
    EXPECT_EQ(status_of(client.receive_all()), "404");
}

TEST(HttpFaults, AnErrorReachesAClientThatIsStillSending) {
    RunningServer server(routes());
    // What is not read must not reset the connection before the client has read the answer.
    for (int i = 0; i < 20; ++i) {
        EXPECT_EQ(status_of(server.exchange("nonsense\r\n\r\n" + std::string(500'000, 'x'))),
                  "400");
    }
}

TEST(HttpFaults, ConnectionsAreAcceptedAgainWhenThereAreDescriptors) {
    RunningServer server(routes());
    rlimit before{};
    ::getrlimit(RLIMIT_NOFILE, &before);
    rlimit low{open_descriptors() + 20, before.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &low);
    std::vector<int> fillers;
    for (int fd = 0; (fd = ::open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0;) fillers.push_back(fd);
    ASSERT_FALSE(fillers.empty());
    ::close(fillers.back());
    fillers.pop_back();
    const ClientSocket client(server.port()); // takes the last descriptor
    client.send("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    EXPECT_FALSE(client.has_news_within(100ms));
    for (const int fd : fillers) ::close(fd);
    ::setrlimit(RLIMIT_NOFILE, &before);
    EXPECT_EQ(body_of(client.receive_all()), "hello");
}

TEST(HttpFaults, LeaveNoConnectionBehind) {
    const std::size_t before = open_descriptors();
    {
        RunningServer server(routes());
        const std::size_t serving = open_descriptors();
        for (const std::string& bytes :
             {std::string(), std::string("GET"), get, get + get,
              std::string("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nabc"),
              std::string("GET /large HTTP/1.1\r\nHost: h\r\n\r\n")}) {
            for (const bool resets : {false, true}) {
                const ClientSocket client(server.port());
                client.send(bytes);
                if (resets) client.reset_on_close();
            }
        }
        EXPECT_TRUE(no_more_descriptors_than(serving));
    }
    EXPECT_TRUE(no_more_descriptors_than(before));
}
