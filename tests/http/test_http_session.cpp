// The client against aiohttp.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <tuple>
#include <type_traits>

#include <hocket/hocket.hpp>
#include <hocket/http.hpp>

#include "http/http_peers.hpp"

using namespace std::chrono_literals;
using hocket::Coro;
using hocket::run;
using http_tests::http_peer;
using testing::HasSubstr;
namespace http = hocket::http;

namespace {

// g++ 12 destroys other options twice when they are written in a co_await expression.
static_assert(std::is_trivially_destructible_v<http::RequestOptions>);

TEST(HttpSession, GetReturnsTheResponse) {
    run([]() -> Coro<> {
        http::Session session;
        const auto response = co_await session.get(http_peer().url("/echo"));
        EXPECT_EQ(response.status_code(), 200);
        EXPECT_EQ(response.reason_phrase(), "OK");
        EXPECT_EQ(response.http_version(), "HTTP/1.1");
        EXPECT_EQ(response.headers().get("content-type"), "text/plain; charset=utf-8");
        EXPECT_EQ(response.url(), http_peer().url("/echo"));
        EXPECT_EQ(response.method(), "GET");
        EXPECT_TRUE(response.is_success());
        EXPECT_GT(response.elapsed(), 0ns);
        EXPECT_TRUE(response.history().empty());
        EXPECT_THAT(response.text(), HasSubstr(R"("method": "GET")"));
        EXPECT_EQ(response.content(), response.text());
        response.raise_for_status();
    });
}

TEST(HttpSession, OneConnectionServesManyRequests) {
    run([]() -> Coro<> {
        http::Session session;
        const auto first = co_await session.get(http_peer().url("/echo"));
        for (int i = 0; i < 20; ++i) {
            const auto response = co_await session.get(http_peer().url("/echo"));
            EXPECT_EQ(response.text(), first.text()); // also the client's port
        }
    });
}

TEST(HttpSession, EachMethodIsSent) {
    run([]() -> Coro<> {
        http::Session session;
        const std::string url = http_peer().url("/echo");
        const auto method_of = [](const http::ClientResponse& response) {
            const auto begin = response.text().find(R"("method": ")") + 11;
            return response.text().substr(begin, response.text().find('"', begin) - begin);
        };
        EXPECT_EQ(method_of(co_await session.get(url)), "GET");
        EXPECT_EQ(method_of(co_await session.options(url)), "OPTIONS");
        EXPECT_EQ(method_of(co_await session.post(url)), "POST");
        EXPECT_EQ(method_of(co_await session.put(url)), "PUT");
        EXPECT_EQ(method_of(co_await session.patch(url)), "PATCH");
        EXPECT_EQ(method_of(co_await session.delete_(url)), "DELETE");
        EXPECT_EQ(method_of(co_await session.request("REPORT", url)), "REPORT");
        const auto head = co_await session.head(url);
        EXPECT_EQ(head.status_code(), 200);
        EXPECT_EQ(head.text(), "");
        // And the handle does not remember the method.
        EXPECT_EQ(method_of(co_await session.get(url)), "GET");
    });
}

TEST(HttpSession, HeadersAndParamsAreSent) {
    run([]() -> Coro<> {
        const http::Headers common{{"X-Common", "1"}, {"X-Replaced", "old"}};
        const http::QueryParams always{{"key", "k 1"}};
        http::Session session({.headers = common, .params = always});
        const http::Headers headers{{"X-Replaced", "new"}, {"X-Empty", ""}};
        const http::QueryParams params{{"q", "a&b=c\r\n"}, {"q", "\xc3\xa4"}};
        const auto response = co_await session.get(http_peer().url("/echo?first=1"),
                                                   {.headers = headers, .params = params});
        EXPECT_THAT(response.text(), HasSubstr(R"(["X-Common", "1"])"));
        EXPECT_THAT(response.text(), HasSubstr(R"(["X-Replaced", "new"])"));
        EXPECT_THAT(response.text(), HasSubstr(R"(["X-Empty", ""])"));
        EXPECT_THAT(response.text(), testing::Not(HasSubstr("old")));
        EXPECT_THAT(response.text(), HasSubstr("/echo?first=1&q=a%26b%3Dc%0D%0A&q=%C3%A4&key=k+1"));
    });
}

TEST(HttpSession, ContentJsonAndFormsAreSent) {
    run([]() -> Coro<> {
        http::Session session;
        const std::string url = http_peer().url("/echo");
        const auto content = co_await session.post(url, {.content = "plain"});
        EXPECT_THAT(content.text(), HasSubstr(R"("body": "plain")"));
        EXPECT_THAT(content.text(), testing::Not(HasSubstr("form-urlencoded")));
        const auto json = co_await session.put(url, {.json = "[1]"});
        EXPECT_THAT(json.text(), HasSubstr(R"("body": "[1]")"));
        EXPECT_THAT(json.text(), HasSubstr(R"(["Content-Type", "application/json"])"));
        const http::QueryParams form{{"a", "1 2"}};
        const auto data = co_await session.post(url, {.data = form});
        EXPECT_THAT(data.text(), HasSubstr(R"("body": "a=1+2")"));
        EXPECT_THAT(data.text(), HasSubstr("application/x-www-form-urlencoded"));
        EXPECT_THROW(std::ignore = session.post(url, {.content = "a", .json = "1"}),
                     hocket::ValueError);
    });
}

TEST(HttpSession, RedirectsAreFollowedWhenAsked) {
    run([]() -> Coro<> {
        http::Session session;
        const auto first = co_await session.get(http_peer().url("/redirect/2"));
        EXPECT_EQ(first.status_code(), 302);
        EXPECT_TRUE(first.has_redirect_location());
        const auto last =
            co_await session.get(http_peer().url("/redirect/2"), {.follow_redirects = true});
        EXPECT_EQ(last.status_code(), 200);
        EXPECT_EQ(last.url(), http_peer().url("/echo"));
        EXPECT_EQ(last.history().size(), 2u);
        EXPECT_EQ(last.history().front().text(), "elsewhere");
    });
}

TEST(HttpSession, RedirectsKeepOrDropTheBodyAsBrowsersDo) {
    run([]() -> Coro<> {
        http::Session session({.follow_redirects = true});
        const auto seen =
            co_await session.post(http_peer().url("/redirect/1?status=303"), {.content = "body"});
        EXPECT_THAT(seen.text(), HasSubstr(R"("method": "GET")"));
        EXPECT_THAT(seen.text(), HasSubstr(R"("body": "")"));
        const auto kept =
            co_await session.post(http_peer().url("/redirect/1?status=307"), {.content = "body"});
        EXPECT_THAT(kept.text(), HasSubstr(R"("method": "POST")"));
        EXPECT_THAT(kept.text(), HasSubstr(R"("body": "body")"));
    });
}

TEST(HttpSession, TooManyRedirectsThrow) {
    run([]() -> Coro<> {
        http::Session session({.follow_redirects = true, .max_redirects = 3});
        try {
            co_await session.get(http_peer().url("/redirect/4"));
            ADD_FAILURE();
        } catch (const http::TooManyRedirects& error) {
            EXPECT_THAT(error.what(), HasSubstr("more than 3 times"));
            EXPECT_THAT(error.url(), HasSubstr("/redirect/"));
        }
        EXPECT_EQ((co_await session.get(http_peer().url("/redirect/3"))).status_code(), 200);
    });
}

TEST(HttpSession, CookiesAreKeptAndSent) {
    run([]() -> Coro<> {
        http::Session session;
        co_await session.get(http_peer().url("/cookie?value=vanilla"));
        EXPECT_EQ(session.cookies().get("flavour"), "vanilla");
        const auto response = co_await session.get(http_peer().url("/echo"));
        EXPECT_THAT(response.text(), HasSubstr(R"(["Cookie", "flavour=vanilla"])"));
        session.cookies().set({.name = "mine", .value = "1", .domain = "127.0.0.1"});
        const auto both = co_await session.get(http_peer().url("/echo"));
        EXPECT_THAT(both.text(), HasSubstr("mine=1"));
        session.cookies().clear();
        const auto none = co_await session.get(http_peer().url("/echo"));
        EXPECT_THAT(none.text(), testing::Not(HasSubstr("Cookie")));
        EXPECT_THROW(session.cookies().set({.name = "a", .value = "b\tc", .domain = "d"}),
                     hocket::ValueError);
    });
}

TEST(HttpSession, BodiesAreDecompressed) {
    run([]() -> Coro<> {
        http::Session session;
        const auto response = co_await session.get(http_peer().url("/compressed"));
        EXPECT_EQ(response.text().size(), 24'000u);
        EXPECT_THAT(response.text(), testing::StartsWith("hello, compressed world\n"));
        EXPECT_THROW(co_await session.get(http_peer().url("/not-gzip")), http::DecodingError);
        // What arrives is small, but what comes out counts.
        EXPECT_THROW(
            co_await session.get(http_peer().url("/compressed"), {.max_body_bytes = 20'000}),
            http::BodyTooLarge);
    });
}

TEST(HttpSession, BasicAndDigestAuthenticate) {
    run([]() -> Coro<> {
        http::Session session({.auth = http::BasicAuth("user", "secret")});
        const auto basic = co_await session.get(http_peer().url("/echo"));
        EXPECT_THAT(basic.text(), HasSubstr("Basic dXNlcjpzZWNyZXQ="));
        const auto digest = co_await session.get(http_peer().url("/digest"),
                                                 {.auth = http::DigestAuth("user", "secret")});
        EXPECT_EQ(digest.text(), "digest");
        const auto wrong = co_await session.get(http_peer().url("/digest"),
                                                {.auth = http::DigestAuth("user", "wrong")});
        EXPECT_EQ(wrong.status_code(), 403);
    });
}

TEST(HttpSession, BaseUrlIsPutBeforeRelativeUrls) {
    run([]() -> Coro<> {
        http::Session session({.base_url = http_peer().url("/")});
        EXPECT_EQ((co_await session.get("echo")).url(), http_peer().url("/echo"));
        EXPECT_EQ((co_await session.get("/echo")).url(), http_peer().url("/echo"));
        EXPECT_EQ((co_await session.get(http_peer().url("/echo"))).status_code(), 200);
    });
}

TEST(HttpSession, RaiseForStatusThrowsWithTheResponse) {
    run([]() -> Coro<> {
        const auto response = co_await http::get(http_peer().url("/missing"));
        try {
            response.raise_for_status();
            ADD_FAILURE();
        } catch (const http::HTTPStatusError& error) {
            EXPECT_THAT(error.what(), HasSubstr("client error 404 Not Found"));
            EXPECT_EQ(error.response().status_code(), 404);
            EXPECT_EQ(error.url(), http_peer().url("/missing"));
        }
    });
}

TEST(HttpSession, OneShotFunctionsNeedNoSession) {
    run([]() -> Coro<> {
        EXPECT_EQ((co_await http::get(http_peer().url("/echo"))).status_code(), 200);
        const auto posted = co_await http::post(http_peer().url("/echo"), {.content = "x"});
        EXPECT_THAT(posted.text(), HasSubstr(R"("body": "x")"));
    });
}

TEST(HttpSession, ManyRequestsRunAtTheSameTime) {
    run([]() -> Coro<> {
        http::Session session;
        std::vector<Coro<http::ClientResponse>> requests;
        for (int i = 0; i < 64; ++i)
            requests.push_back(session.get(http_peer().url("/compressed")));
        const auto responses = co_await hocket::gather(std::move(requests));
        for (const auto& response : responses) EXPECT_EQ(response.text().size(), 24'000u);
    });
}

TEST(HttpSession, NothingCanBeInjectedThroughParameters) {
    run([]() -> Coro<> {
        http::Session session;
        const std::string url = http_peer().url("/echo");
        EXPECT_THROW(std::ignore = session.request("GET / HTTP/1.1\r\nX: y", url),
                     hocket::ValueError);
        EXPECT_THROW(std::ignore = session.get(url + "\r\nX: y"), http::InvalidURL);
        EXPECT_THROW(std::ignore = session.get(std::string("http://a\0b/", 11)), http::InvalidURL);
        EXPECT_THROW(std::ignore = session.get(""), http::InvalidURL);
        const auto spaces = co_await session.get(url + "?a b\xc3\xa4\"");
        EXPECT_THAT(spaces.text(), HasSubstr("/echo?a%20b%C3%A4%22"));
        EXPECT_THROW(co_await session.get("file:///etc/passwd"), http::UnsupportedProtocol);
    });
}

TEST(HttpSession, ConnectErrorsHaveTheUrl) {
    run([]() -> Coro<> {
        http::Session session;
        try {
            co_await session.get("http://user:secret@127.0.0.1:1/path");
            ADD_FAILURE();
        } catch (const http::ConnectError& error) {
            EXPECT_EQ(error.url(), "http://127.0.0.1:1/path");
            EXPECT_THAT(error.what(), HasSubstr("GET http://127.0.0.1:1/path: "));
            EXPECT_THAT(error.what(), testing::Not(HasSubstr("secret")));
        }
        EXPECT_THROW(co_await session.get("http://no-such-host.invalid/"), http::ConnectError);
    });
}

} // namespace
