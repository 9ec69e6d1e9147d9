#include <gtest/gtest.h>

#include <functional>
#include <random>
#include <string>
#include <string_view>

#include "web/body_decoder.hpp"
#include "web/http_date.hpp"
#include "web/http_error.hpp"
#include "web/request_parser.hpp"
#include "web/response_parser.hpp"

namespace {

using web::BodyDecoder;
using web::HttpError;
using web::HttpFault;
using web::HttpLimits;
using web::RequestParser;
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

HttpError request_error(const std::string& text, HttpLimits limits = {}) {
    return error_of([&] {
        RequestParser parser(limits);
        parser.parse(text);
    });
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

TEST(RequestParser, ReadsMethodTargetAndFields) {
    RequestParser parser;
    const std::string text = "GET /a%20b?c=d HTTP/1.1\r\nHost: example\r\nAccept:  */* \r\n\r\n";
    ASSERT_TRUE(parser.parse(text));
    const auto& request = parser.request();
    EXPECT_EQ(request.method, "GET");
    EXPECT_EQ(request.target, "/a%20b?c=d");
    EXPECT_EQ(request.minor_version, 1);
    ASSERT_EQ(request.fields.size(), 2u);
    EXPECT_EQ(web::find_field(request.fields, "accept"), "*/*");
    EXPECT_EQ(web::find_field(request.fields, "cookie"), std::nullopt);
    EXPECT_TRUE(request.keep_alive);
    EXPECT_FALSE(request.has_body());
    EXPECT_EQ(parser.head_size(), text.size());
}

TEST(RequestParser, WaitsUntilTheHeadIsComplete) {
    RequestParser parser;
    const std::string text = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
    for (std::size_t size = 0; size < text.size(); ++size)
        ASSERT_FALSE(parser.parse(std::string_view(text).substr(0, size))) << size;
    EXPECT_TRUE(parser.parse(text));
    EXPECT_EQ(parser.request().target, "/");
}

TEST(RequestParser, LeavesThePipelinedRequestBehind) {
    RequestParser parser;
    const std::string first = "GET /1 HTTP/1.1\r\nHost: h\r\n\r\n";
    const std::string second = "GET /2 HTTP/1.1\r\nHost: h\r\n\r\n";
    const std::string both = first + second;
    ASSERT_TRUE(parser.parse(both));
    EXPECT_EQ(parser.request().target, "/1");
    ASSERT_EQ(parser.head_size(), first.size());
    ASSERT_TRUE(parser.parse(std::string_view(both).substr(first.size())));
    EXPECT_EQ(parser.request().target, "/2");
    EXPECT_EQ(parser.request().fields.size(), 1u);
}

TEST(RequestParser, SkipsEmptyLinesBeforeARequest) {
    RequestParser parser;
    const std::string text = "\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n";
    ASSERT_TRUE(parser.parse(text));
    EXPECT_EQ(parser.head_size(), text.size());
}

TEST(RequestParser, KeepsAliveAsTheVersionAndTheConnectionFieldSay) {
    const auto keep_alive = [](const std::string& text) {
        RequestParser parser;
        EXPECT_TRUE(parser.parse(text));
        return parser.request().keep_alive;
    };
    EXPECT_TRUE(keep_alive("GET / HTTP/1.1\r\nHost: h\r\n\r\n"));
    EXPECT_FALSE(keep_alive("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"));
    EXPECT_FALSE(keep_alive("GET / HTTP/1.1\r\nHost: h\r\nConnection: x, CLOSE\r\n\r\n"));
    EXPECT_FALSE(keep_alive("GET / HTTP/1.0\r\n\r\n"));
    EXPECT_TRUE(keep_alive("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n"));
}

TEST(RequestParser, RejectsWhatIsNotARequest) {
    EXPECT_EQ(request_error("hello\r\n\r\n").status(), 400);
    EXPECT_EQ(request_error("GET /\r\n\r\n").status(), 400);
    EXPECT_EQ(request_error("G(T / HTTP/1.1\r\nHost: h\r\n\r\n").status(), 400);
    EXPECT_EQ(request_error("GET a HTTP/1.1\r\nHost: h\r\n\r\n").status(), 400);
    EXPECT_EQ(request_error("GET /a b HTTP/1.1\r\nHost: h\r\n\r\n").status(), 400);
    EXPECT_EQ(request_error("GET / HTTP/2.0\r\nHost: h\r\n\r\n").status(), 505);
    EXPECT_EQ(request_error("GET / FTP/1.1\r\nHost: h\r\n\r\n").status(), 400);
}

TEST(RequestParser, TheErrorNamesTheValueAndTheProblem) {
    const auto error = request_error("GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 1x\r\n\r\n");
    EXPECT_STREQ(error.what(), "Content-Length is \"1x\": expected a decimal number");
    EXPECT_EQ(error.fault(), HttpFault::malformed);
}

TEST(RequestParser, NeverEchoesControlCharactersInItsErrors) {
    const auto error = request_error("GET / HTTP/1.1\r\n\x1b[2J: v\r\n\r\n");
    EXPECT_TRUE(contains(error, "\\x1b[2J"));
    EXPECT_FALSE(contains(error, "\x1b"));
}

TEST(RequestParser, WantsExactlyOneHostInHttp11) {
    EXPECT_EQ(request_error("GET / HTTP/1.1\r\n\r\n").status(), 400);
    EXPECT_EQ(request_error("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n").status(), 400);
}

TEST(RequestParser, RejectsBadFields) {
    const std::string start = "GET / HTTP/1.1\r\nHost: h\r\n";
    EXPECT_TRUE(contains(request_error(start + "X: a\r\n folded\r\n\r\n"), "folded"));
    EXPECT_TRUE(contains(request_error(start + "no colon\r\n\r\n"), "no colon"));
    EXPECT_TRUE(contains(request_error(start + "Name : v\r\n\r\n"), "not a token"));
    EXPECT_TRUE(contains(request_error(start + ": v\r\n\r\n"), "not a token"));
    EXPECT_TRUE(contains(request_error(start + "X: a\rb\r\n\r\n"), "control character"));
    EXPECT_TRUE(contains(request_error(start + "X: a\n\r\n"), "bare LF"));
}

TEST(RequestParser, RejectsLengthsThatDisagree) {
    const std::string start = "POST / HTTP/1.1\r\nHost: h\r\n";
    EXPECT_TRUE(contains(request_error(start + "Content-Length: 1\r\nContent-Length: 2\r\n\r\n"),
                         "one length"));
    EXPECT_TRUE(contains(request_error(start + "Content-Length: 1, 2\r\n\r\n"), "one length"));
    EXPECT_TRUE(contains(
        request_error(start + "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"), "both"));
    RequestParser parser;
    EXPECT_TRUE(parser.parse(start + "Content-Length: 7\r\nContent-Length: 7\r\n\r\n"));
    EXPECT_EQ(parser.request().content_length, 7u);
}

TEST(RequestParser, KnowsOnlyTheChunkedCoding) {
    const std::string start = "POST / HTTP/1.1\r\nHost: h\r\n";
    EXPECT_EQ(request_error(start + "Transfer-Encoding: gzip, chunked\r\n\r\n").status(), 501);
    EXPECT_EQ(request_error(start + "Transfer-Encoding: chunked, chunked\r\n\r\n").status(), 400);
    EXPECT_EQ(request_error("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n").status(), 400);
}

TEST(RequestParser, RefusesLongRequestLines) {
    const std::string path(9000, 'a');
    EXPECT_EQ(request_error("GET /" + path).status(), 414);
    EXPECT_EQ(request_error("GET /" + path + " HTTP/1.1\r\nHost: h\r\n\r\n").status(), 414);
}

TEST(RequestParser, RefusesLargeHeads) {
    const std::string start = "GET / HTTP/1.1\r\nHost: h\r\n";
    EXPECT_EQ(request_error(start + "X: " + std::string(20'000, 'a')).status(), 431);
    EXPECT_EQ(request_error(start + "X: " + std::string(20'000, 'a') + "\r\n\r\n").status(), 431);
    std::string many = start;
    for (int i = 0; i < 200; ++i) many += "X: 1\r\n";
    EXPECT_EQ(request_error(many + "\r\n").status(), 431);
}

TEST(RequestParser, RefusesLargeBodies) {
    const auto error =
        request_error("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 11\r\n\r\n", {.body = 10});
    EXPECT_EQ(error.status(), 413);
    EXPECT_EQ(request_error("POST / HTTP/1.1\r\nHost: h\r\n"
                            "Content-Length: 99999999999999999999999\r\n\r\n")
                  .status(),
              400);
}

TEST(RequestParser, HandsOutADecoderForTheBody) {
    RequestParser parser;
    ASSERT_TRUE(parser.parse("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n"));
    auto body = parser.body();
    std::string content;
    EXPECT_EQ(body.feed("helloGET /", &content), 5u);
    EXPECT_EQ(content, "hello");
    EXPECT_TRUE(body.complete());
}

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

TEST(HttpDate, IsWrittenAsRfc9110Says) {
    EXPECT_EQ(web::format_http_date(784111777), "Sun, 06 Nov 1994 08:49:37 GMT");
}

TEST(HttpDate, ReadsBackWhatItWrote) {
    for (const std::time_t time : {0L, 784111777L, 951782400L, 4102444799L})
        EXPECT_EQ(web::parse_http_date(web::format_http_date(time)), time);
}

TEST(HttpDate, RejectsEverythingElse) {
    EXPECT_EQ(web::parse_http_date(""), std::nullopt);
    EXPECT_EQ(web::parse_http_date("Mon, 06 Nov 1994 08:49:37 GMT"), std::nullopt);
    EXPECT_EQ(web::parse_http_date("Sun, 31 Feb 1994 08:49:37 GMT"), std::nullopt);
    EXPECT_EQ(web::parse_http_date("Sunday, 06-Nov-94 08:49:37 GMT"), std::nullopt);
}
