#include <gtest/gtest.h>

#include <functional>
#include <random>
#include <string>
#include <string_view>

#include "web/body_decoder.hpp"
#include "web/http_error.hpp"
#include "web/response_parser.hpp"

namespace {

using web::BodyDecoder;
using web::HttpError;
using web::HttpFault;
using web::ResponseParser;

/// The HttpError that `act` throws; adds a test failure if it throws none.
HttpError error_of(const std::function<void()>& act) {
    try {
        act();
    } catch (const HttpError& error) {
        return error;
    }
    ADD_FAILURE() << "expected an HttpError";
    return {HttpFault::malformed, 0, ""};
}

HttpError response_error(const std::string& text) {
    return error_of([&] {
        ResponseParser parser;
        parser.feed(text);
        parser.finish();
    });
}

web::Response parse_response(std::string_view text, bool at_end = false) {
    ResponseParser parser;
    EXPECT_EQ(parser.feed(text), text.size());
    if (at_end) parser.finish();
    EXPECT_TRUE(parser.complete());
    return parser.response();
}

bool contains(const HttpError& error, std::string_view part) {
    return std::string_view(error.what()).find(part) != std::string_view::npos;
}

} // namespace

TEST(BodyDecoder, ReadsChunksInAnyPieces) {
    const std::string text = "5\r\nhello\r\n1;a=b\r\n \r\n5 \r\nworld\r\n0\r\nTrailer: x\r\n\r\n";
    for (std::size_t piece = 1; piece <= text.size(); ++piece) {
        auto decoder = BodyDecoder::chunked(1000);
        std::string content;
        for (std::size_t i = 0; i < text.size(); i += piece) {
            const auto part = std::string_view(text).substr(i, piece);
            ASSERT_EQ(decoder.feed(part, &content), part.size());
        }
        EXPECT_TRUE(decoder.complete());
        EXPECT_EQ(content, "hello world");
    }
}

TEST(BodyDecoder, StopsAtTheEndOfTheLastChunk) {
    auto decoder = BodyDecoder::chunked(1000);
    EXPECT_EQ(decoder.feed("0\r\n\r\nHTTP/1.1", nullptr), 5u);
    EXPECT_TRUE(decoder.complete());
}

TEST(BodyDecoder, RejectsBadChunking) {
    const auto error = [](std::string_view text) {
        return error_of([&] { BodyDecoder::chunked(1000).feed(text, nullptr); });
    };
    EXPECT_TRUE(contains(error("x"), "hexadecimal"));
    EXPECT_TRUE(contains(error("\r\n"), "hexadecimal"));
    EXPECT_TRUE(contains(error("5x"), "expected CR LF"));
    EXPECT_TRUE(contains(error("5\n"), "expected CR LF"));
    EXPECT_TRUE(contains(error("5\r\nhelloo"), "longer than its size"));
    EXPECT_TRUE(contains(error("5\r\nhello\rx"), "longer than its size"));
    EXPECT_TRUE(contains(error("1000000000000000"), "15 digits"));
    EXPECT_TRUE(contains(error("0\r\nX: 1\n"), "bare LF"));
    EXPECT_EQ(error("400\r\n" + std::string(1024, 'a')).fault(), HttpFault::too_large);
}

TEST(BodyDecoder, SaysHowMuchOfACutOffBodyCame) {
    auto decoder = BodyDecoder::of_length(10, 100);
    decoder.feed("1234", nullptr);
    const auto error = error_of([&] { decoder.finish(); });
    EXPECT_EQ(error.fault(), HttpFault::cut_off);
    EXPECT_STREQ(error.what(), "cut off: Content-Length is 10, but only 4 bytes came");
}

TEST(ResponseParser, ReadsAResponseWithALength) {
    const auto response = parse_response(
        "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 5\r\n\r\nhello");
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.reason, "OK");
    EXPECT_EQ(response.body, "hello");
    EXPECT_TRUE(response.keep_alive);
    ASSERT_NE(response.field("content-type"), nullptr);
    EXPECT_EQ(*response.field("content-type"), "text/html");
}

TEST(ResponseParser, ReadsAChunkedResponse) {
    const auto response = parse_response(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n");
    EXPECT_EQ(response.body, "abc");
    EXPECT_TRUE(response.keep_alive);
}

TEST(ResponseParser, ReadsUntilTheConnectionEndsWhenNoLengthIsGiven) {
    const auto response = parse_response("HTTP/1.1 200 OK\r\n\r\nall of it", true);
    EXPECT_EQ(response.body, "all of it");
    EXPECT_FALSE(response.keep_alive);
}

TEST(ResponseParser, ExpectsNoBodyWhereThereIsNone) {
    EXPECT_EQ(parse_response("HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n").body, "");
    EXPECT_EQ(parse_response("HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n").body, "");
    ResponseParser head(ResponseParser::Asked::head);
    head.feed("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
    EXPECT_TRUE(head.complete());
}

TEST(ResponseParser, SkipsInterimResponses) {
    const auto response =
        parse_response("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
                       "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx");
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.fields.size(), 1u);
}

TEST(ResponseParser, LeavesTheNextResponseBehind) {
    ResponseParser parser;
    const std::string first = "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx";
    EXPECT_EQ(parser.feed(first + "HTTP/1.1"), first.size());
    EXPECT_TRUE(parser.complete());
}

TEST(ResponseParser, KeepsAliveAsTheVersionAndTheConnectionFieldSay) {
    const std::string length = "Content-Length: 0\r\n";
    EXPECT_FALSE(parse_response("HTTP/1.0 200 OK\r\n" + length + "\r\n").keep_alive);
    EXPECT_TRUE(parse_response("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n" + length + "\r\n")
                    .keep_alive);
    EXPECT_FALSE(
        parse_response("HTTP/1.1 200 OK\r\nConnection: close\r\n" + length + "\r\n").keep_alive);
}

TEST(ResponseParser, AcceptsAStatusLineWithoutAReasonAndBareLineFeeds) {
    EXPECT_EQ(parse_response("HTTP/1.1 200\nContent-Length: 2\n\nok").body, "ok");
}

TEST(ResponseParser, RecognisesAtOnceWhatIsNotHttp) {
    ResponseParser parser;
    EXPECT_EQ(error_of([&] { parser.feed("SSH-2.0-OpenSSH"); }).fault(), HttpFault::malformed);
    EXPECT_TRUE(contains(response_error("HTTP/1.1 2x0 OK\r\n\r\n"), "status line"));
    EXPECT_TRUE(contains(response_error("HTTP/1.1 999 No\r\n\r\n"), "100 to 599"));
}

TEST(ResponseParser, TellsWhereAResponseWasCutOff) {
    EXPECT_TRUE(contains(response_error(""), "without a response"));
    EXPECT_TRUE(contains(response_error("HTTP/1.1 200 OK\r\n"), "middle of the head"));
    EXPECT_TRUE(contains(response_error("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this"),
                         "only 9 bytes"));
    EXPECT_TRUE(contains(
        response_error("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"),
        "after 5 bytes"));
}

TEST(ResponseParser, GivesTheSameResultForEveryChunking) {
    const std::string text =
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nX: y\r\nTransfer-Encoding: chunked\r\n\r\n"
        "a\r\n0123456789\r\n3\r\nabc\r\n0\r\n\r\n";
    std::mt19937 random(20240213);
    for (int round = 0; round < 500; ++round) {
        ResponseParser parser;
        std::string_view rest = text;
        while (!rest.empty()) {
            const auto piece = rest.substr(0, 1 + random() % 20);
            ASSERT_EQ(parser.feed(piece), piece.size());
            rest.remove_prefix(piece.size());
        }
        ASSERT_TRUE(parser.complete());
        ASSERT_EQ(parser.response().body, "0123456789abc");
        ASSERT_EQ(parser.response().fields.size(), 2u);
    }
}
