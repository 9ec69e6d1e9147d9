// Bodies that are streamed, in both directions.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <hocket/hocket.hpp>
#include <hocket/http.hpp>

#include "crawl/temporary_folder.hpp"
#include "http/http_peers.hpp"

using namespace std::chrono_literals;
using hocket::AsyncGenerator;
using hocket::Coro;
using hocket::run;
using hocket::StreamReader;
using hocket::StreamWriter;
using http_tests::http_peer;
using http_tests::ScriptedServer;
using testing::HasSubstr;
using testing::StartsWith;
namespace http = hocket::http;

namespace {

AsyncGenerator<std::string> pieces(int count, std::size_t size) {
    for (int i = 0; i < count; ++i) {
        co_await hocket::sleep(0s);
        co_yield std::string(size, static_cast<char>('a' + i % 26));
    }
}

TEST(HttpBodies, AStreamedResponseIsReadPieceByPiece) {
    run([]() -> Coro<> {
        http::Session session;
        auto response = co_await session.stream("GET", http_peer().url("/pieces/1000"));
        EXPECT_EQ(response.status_code(), 200);
        std::string all;
        auto bytes = response.aiter_bytes();
        while (auto piece = co_await bytes.next()) all += *piece;
        EXPECT_THAT(all, StartsWith("line 0\nline 1\n"));
        EXPECT_THAT(all, testing::EndsWith("line 999\n"));
        EXPECT_EQ(co_await response.read_some(), "");
    });
}

TEST(HttpBodies, LinesAreSplit) {
    run([]() -> Coro<> {
        http::Session session;
        auto response = co_await session.stream("GET", http_peer().url("/pieces/1000"));
        auto lines = response.aiter_lines();
        int count = 0;
        while (auto line = co_await lines.next()) {
            EXPECT_EQ(*line, "line " + std::to_string(count++));
        }
        EXPECT_EQ(count, 1000);
    });
}

TEST(HttpBodies, AreadReturnsTheRest) {
    run([]() -> Coro<> {
        http::Session session;
        auto response = co_await session.stream("GET", http_peer().url("/compressed"));
        const std::string first = co_await response.read_some();
        const std::string rest = co_await response.aread();
        EXPECT_EQ(first.size() + rest.size(), 24'000u);
    });
}

TEST(HttpBodies, AreadHasALimit) {
    run([]() -> Coro<> {
        http::Session session({.limits = {.max_body_bytes = 10'000}});
        auto response = co_await session.stream("GET", http_peer().url("/compressed"));
        EXPECT_THROW(co_await response.aread(), http::BodyTooLarge);
    });
}

TEST(HttpBodies, ASlowReaderSlowsTheServerDown) {
    run([]() -> Coro<> {
        constexpr std::size_t size = std::size_t{64} * 1024 * 1024;
        std::size_t sent = 0;
        const auto server = co_await ScriptedServer::start([&sent](StreamReader reader,
                                                                   StreamWriter writer) -> Coro<> {
            co_await reader.readuntil("\r\n\r\n");
            writer.write("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(size) + "\r\n\r\n");
            const std::string piece(std::size_t{256} * 1024, 'x');
            while (sent < size) {
                writer.write(piece);
                co_await writer.drain();
                sent += piece.size();
            }
        });
        http::Session session;
        auto response = co_await session.stream("GET", server->url());
        // Until the server waits: nothing changes for many turns.
        std::size_t seen = 1;
        for (int quiet = 0; quiet < 2000; ++quiet) {
            co_await hocket::sleep(0s);
            if (std::exchange(seen, sent) != sent) quiet = 0;
        }
        EXPECT_LT(sent, size / 2);
        std::size_t got = 0;
        for (;;) {
            const std::string piece = co_await response.read_some();
            if (piece.empty()) break;
            EXPECT_LE(piece.size(), std::size_t{128} * 1024);
            got += piece.size();
        }
        EXPECT_EQ(got, size);
    });
}

TEST(HttpBodies, AGeneratorIsSentChunked) {
    run([]() -> Coro<> {
        http::Session session;
        auto body = pieces(100, 10'000);
        const auto response = co_await session.post(http_peer().url("/upload"), {.stream = body});
        EXPECT_THAT(response.text(), StartsWith("1000000 "));
        EXPECT_THAT(response.text(), testing::EndsWith(" chunked"));
    });
}

TEST(HttpBodies, AFileIsSentWithItsSize) {
    run([]() -> Coro<> {
        const crawl_tests::TemporaryFolder folder;
        folder.write("data", std::string(3'000'000, 'q'));
        http::Session session;
        const auto response = co_await session.put(http_peer().url("/upload"),
                                                   {.file = (folder.path() / "data").string()});
        EXPECT_THAT(response.text(), StartsWith("3000000 "));
        EXPECT_THAT(response.text(), testing::EndsWith(" length"));
        try {
            co_await session.put(http_peer().url("/upload"), {.file = "/no/such/file"});
            ADD_FAILURE();
        } catch (const std::system_error& error) {
            EXPECT_THAT(error.what(), HasSubstr("/no/such/file"));
        }
    });
}

TEST(HttpBodies, AFormWithFilesIsSent) {
    run([]() -> Coro<> {
        const crawl_tests::TemporaryFolder folder;
        folder.write("big.bin", std::string(1'000'000, 'b'));
        folder.write("two.txt", "second");
        http::Multipart form;
        form.add_field("title", "Sommer \xc3\xa4");
        form.add_file("big", (folder.path() / "big.bin").string());
        form.add_bytes("quoted\"\r\nname", "in memory",
                       {.filename = "a\"b\r\nX: y.txt", .content_type = "text/x-test"});
        form.add_file("two", (folder.path() / "two.txt").string());
        http::Session session;
        const auto response = co_await session.post(http_peer().url("/multipart"), {.files = form});
        EXPECT_EQ(response.status_code(), 200) << response.text();
        EXPECT_THAT(response.text(), HasSubstr(R"(["title", null)"));
        EXPECT_THAT(response.text(), HasSubstr(R"(["big", "big.bin", null, 1000000)"));
        EXPECT_THAT(response.text(), HasSubstr(R"(["two", "two.txt", "text/plain", 6)"));
        EXPECT_THAT(response.text(), HasSubstr("text/x-test\", 9"));
        EXPECT_THROW(form.add_bytes("a", "b", {.content_type = "text/plain\r\nX: y"}),
                     hocket::ValueError);
    });
}

TEST(HttpBodies, AGeneratorThatThrowsEndsTheRequest) {
    run([]() -> Coro<> {
        http::Session session;
        AsyncGenerator<std::string> body = []() -> AsyncGenerator<std::string> {
            co_yield "begin";
            throw std::domain_error("no more");
        }();
        EXPECT_THROW(co_await session.post(http_peer().url("/upload"), {.stream = body}),
                     std::domain_error);
        EXPECT_EQ((co_await session.get(http_peer().url("/echo"))).status_code(), 200);
    });
}

TEST(HttpBodies, AnAnswerBeforeTheEndOfTheBodyIsReturned) {
    run([]() -> Coro<> {
        http::Session session;
        auto endless = pieces(1 << 30, 100'000);
        const auto response = co_await session.post(http_peer().url("/early"), {.stream = endless});
        EXPECT_EQ(response.status_code(), 413);
    });
}

TEST(HttpBodies, AStreamCannotBeRedirected) {
    run([]() -> Coro<> {
        http::Session session({.follow_redirects = true});
        auto body = pieces(1, 10);
        EXPECT_THROW(
            co_await session.post(http_peer().url("/redirect/1?status=307"), {.stream = body}),
            http::StreamConsumed);
    });
}

TEST(HttpBodies, ClosingAStreamEndsTheRequestAtOnce) {
    run([]() -> Coro<> {
        hocket::Event ended;
        const auto server = co_await ScriptedServer::start(
            [&ended](StreamReader reader, StreamWriter writer) -> Coro<> {
                co_await reader.readuntil("\r\n\r\n");
                writer.write("HTTP/1.1 200 OK\r\n\r\nbegin");
                EXPECT_EQ(co_await reader.read(), "");
                ended.set();
            });
        http::Session session;
        auto response = co_await session.stream("GET", server->url());
        EXPECT_EQ(co_await response.read_some(), "begin");
        auto waiting = hocket::create_task(response.read_some());
        co_await hocket::sleep(0s);
        response.aclose();
        EXPECT_THROW(co_await waiting, http::StreamConsumed);
        co_await ended.wait();
        EXPECT_THROW(co_await response.read_some(), http::StreamConsumed);
    });
}

TEST(HttpBodies, OnlyOneTaskMayReadAStream) {
    run([]() -> Coro<> {
        const auto server =
            co_await ScriptedServer::start([](StreamReader reader, StreamWriter writer) -> Coro<> {
                co_await reader.readuntil("\r\n\r\n");
                writer.write("HTTP/1.1 200 OK\r\n\r\n");
                co_await reader.read();
            });
        http::Session session;
        auto response = co_await session.stream("GET", server->url());
        auto waiting = hocket::create_task(response.read_some());
        co_await hocket::sleep(0s);
        EXPECT_THROW(co_await response.read_some(), hocket::RuntimeError);
        waiting.cancel();
        EXPECT_THROW(co_await waiting, hocket::CancelledError);
    });
}

} // namespace
