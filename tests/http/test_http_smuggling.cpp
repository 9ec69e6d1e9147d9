// Requests about which two programs could disagree where they end. The server answers each with an
// error and closes the connection, so that nothing behind it is taken for a request.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <hocket/http.hpp>

#include "http/http_server.hpp"

using namespace http_tests;
using http::Request;
using http::Response;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

namespace {

struct Case {
    const char* what;
    std::string bytes;
    const char* status = "400";
};

const std::string get = "GET / HTTP/1.1\r\nHost: h\r\n";
const std::string post = "POST / HTTP/1.1\r\nHost: h\r\n";
const std::string smuggled = "GET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n";

const std::vector<Case>& cases() {
    static const std::vector<Case> all{
        {"length and chunks",
         post + "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
        {"chunks and length",
         post + "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n"},
        {"two lengths", post + "Content-Length: 0\r\nContent-Length: 5\r\n\r\n"},
        {"two equal lengths", post + "Content-Length: 0\r\nContent-Length: 0\r\n\r\n"},
        {"a list of lengths", post + "Content-Length: 0, 0\r\n\r\n"},
        {"a length with a sign", post + "Content-Length: +0\r\n\r\n"},
        {"a negative length", post + "Content-Length: -1\r\n\r\n"},
        {"a hexadecimal length", post + "Content-Length: 0x0\r\n\r\n"},
        {"a length with a blank", post + "Content-Length: 1 0\r\n\r\n"},
        {"an empty length", post + "Content-Length:\r\n\r\n"},
        {"a length that overflows", post + "Content-Length: 18446744073709551616\r\n\r\n"},
        {"a coding that is not chunked", post + "Transfer-Encoding: identity\r\n\r\n", "501"},
        {"chunked twice", post + "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n", "501"},
        {"two fields of codings",
         post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
        {"a coding and another one",
         post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n"},
        {"chunked before another coding", post + "Transfer-Encoding: chunked, gzip\r\n\r\n", "501"},
        {"a coding with a tab behind its name",
         post + "Transfer-Encoding\t: chunked\r\n\r\n0\r\n\r\n"},
        {"a coding with a blank before its colon",
         post + "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n"},
        {"a coding with a vertical tab", post + "Transfer-Encoding: \vchunked\r\n\r\n0\r\n\r\n"},
        {"a coding in quotes", post + "Transfer-Encoding: \"chunked\"\r\n\r\n0\r\n\r\n", "501"},
        {"chunks in HTTP/1.0",
         "POST / HTTP/1.0\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
        {"a folded coding", post + "Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n"},
        {"a folded field", get + "X: a\r\n b\r\n\r\n"},
        {"a field folded with a tab", get + "X: a\r\n\tContent-Length: 5\r\n\r\n"},
        {"a field folded to nothing", get + "X: a\r\n \r\n\r\n"},
        {"a folded first line", "GET / HTTP/1.1\r\n Host: h\r\n\r\n"},
        {"bare line feeds", "GET / HTTP/1.1\nHost: h\n\n"},
        {"a bare line feed between fields", get + "X: a\nContent-Length: 5\r\n\r\n"},
        {"a bare line feed at the end", get + "\n"},
        {"a bare carriage return", get + "X: a\rContent-Length: 5\r\n\r\n"},
        {"a carriage return in the request line", "GET /\r HTTP/1.1\r\nHost: h\r\n\r\n"},
        {"a null byte in a value", get + std::string("X: a\0b\r\n\r\n", 10)},
        {"a null byte in a name", get + std::string("X\0: b\r\n\r\n", 9)},
        {"a line without a colon", get + "X\r\n\r\n"},
        {"an empty name", get + ": x\r\n\r\n"},
        {"no host", "GET / HTTP/1.1\r\n\r\n"},
        {"two hosts", get + "Host: h\r\n\r\n"},
        {"a host with a blank", "GET / HTTP/1.1\r\nHost: h x\r\n\r\n"},
        {"a host with a path", "GET / HTTP/1.1\r\nHost: h/x\r\n\r\n"},
        {"two blanks in the request line", "GET  / HTTP/1.1\r\nHost: h\r\n\r\n"},
        {"a blank in the target", "GET /a b HTTP/1.1\r\nHost: h\r\n\r\n"},
        {"a blank behind the version", "GET / HTTP/1.1 \r\nHost: h\r\n\r\n"},
        {"a version in lower case", "GET / http/1.1\r\nHost: h\r\n\r\n"},
        {"no version", "GET /\r\nHost: h\r\n\r\n"},
        {"a target without a slash", "GET x HTTP/1.1\r\nHost: h\r\n\r\n"},
        {"HTTP/2.0", "GET / HTTP/2.0\r\nHost: h\r\n\r\n", "505"},
        {"HTTP/1.2", "GET / HTTP/1.2\r\nHost: h\r\n\r\n", "505"},
        {"the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "505"},
        {"TLS", std::string("\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03", 11)},
        {"a length in the trailers",
         post + "Transfer-Encoding: chunked\r\n\r\n0\r\nContent-Length: 5\r\n\r\n"},
        {"a folded trailer", post + "Transfer-Encoding: chunked\r\n\r\n0\r\nX: a\r\n b\r\n\r\n"},
        {"a chunk that ends with a bare line feed",
         post + "Transfer-Encoding: chunked\r\n\r\n1\r\nx\n0\r\n\r\n"},
        {"a chunk's size that ends with a bare line feed",
         post + "Transfer-Encoding: chunked\r\n\r\n1\nx\r\n0\r\n\r\n"},
        {"a bare carriage return in a chunk's extension",
         post + "Transfer-Encoding: chunked\r\n\r\n1;a\rb\r\nx\r\n0\r\n\r\n"},
        {"a bare line feed in a chunk's extension",
         post + "Transfer-Encoding: chunked\r\n\r\n1;a\nb\r\nx\r\n0\r\n\r\n"},
    };
    return all;
}

} // namespace

TEST(HttpSmuggling, IsRefusedAndNothingBehindItIsAnswered) {
    http::Router router;
    const auto read = [](Request& request) -> hocket::Coro<Response> {
        co_return Response::text(co_await request.body().read());
    };
    router.get("/", read);
    router.post("/", read);
    router.get("/smuggled", [](Request&) { return Response::text("smuggled"); });
    RunningServer server(router);
    ASSERT_THAT(server.exchange(get + "\r\n" + "GET /smuggled HTTP/1.0\r\n\r\n"),
                HasSubstr("smuggled"));
    for (const Case& each : cases()) {
        const std::string response = server.exchange(each.bytes + smuggled + smuggled);
        EXPECT_EQ(status_of(response), each.status) << each.what;
        EXPECT_THAT(response,
                    AllOf(HasSubstr("\r\nConnection: close\r\n"), Not(HasSubstr("smuggled"))))
            << each.what;
    }
}

TEST(HttpSmuggling, IsRefusedHoweverItIsCutIntoPieces) {
    http::Router router;
    router.post("/", [](Request& request) -> hocket::Coro<Response> {
        co_return Response::text(co_await request.body().read());
    });
    router.get("/smuggled", [](Request&) { return Response::text("smuggled"); });
    RunningServer server(router);
    for (const Case& each : cases()) {
        const ClientSocket client(server.port());
        for (const char c : each.bytes) client.send({&c, 1});
        client.send(smuggled);
        const std::string response = client.receive_all();
        EXPECT_THAT(response, Not(HasSubstr("smuggled"))) << each.what;
        EXPECT_THAT(status_of(response), testing::AnyOf("400", "405", "501", "505")) << each.what;
    }
}
