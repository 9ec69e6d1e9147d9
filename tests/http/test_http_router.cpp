#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <hocket/hocket.hpp>
#include <hocket/http.hpp>

#include "http/http_server.hpp"

using namespace http_tests;
using http::Request;
using http::Response;
using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

namespace {

/// Answers with the name of the route and its parameter, if it has one.
auto named(std::string name, std::string parameter = {}) {
    return [name, parameter](Request& request) {
        std::string text = name;
        if (!parameter.empty()) text += " " + std::string(request.param(parameter));
        return Response::text(text);
    };
}

} // namespace

TEST(HttpRouter, PrefersTextThenNumbersThenSegmentsThenTheRest) {
    http::Router router;
    router.get("/a/{rest:path}", named("rest", "rest"));
    router.get("/a/{name}", named("segment", "name"));
    router.get("/a/{id:int}", named("number", "id"));
    router.get("/a/me", named("text"));
    router.get("/a/{name}/x", named("inner", "name"));
    RunningServer server(router);
    const auto get = [&](const char* path) {
        return body_of(server.request(std::string("GET ") + path));
    };
    EXPECT_EQ(get("/a/me"), "text");
    EXPECT_EQ(get("/a/-12"), "number -12");
    EXPECT_EQ(get("/a/12x"), "segment 12x");
    EXPECT_EQ(get("/a/b/c"), "rest b/c");
    EXPECT_EQ(get("/a/"), "rest ");
    EXPECT_EQ(get("/a/me/"), "rest me/");
    EXPECT_EQ(get("/a/me/x"), "inner me"); // goes back from the text
    EXPECT_EQ(get("http://host/a/me?x=1"), "text");
    EXPECT_EQ(get("/a/%6de"), "segment me"); // compared before it is decoded
}

TEST(HttpRouter, DecodesParametersAfterSplitting) {
    http::Router router;
    router.get("/a/{name}", named("", "name"));
    RunningServer server(router);
    EXPECT_EQ(body_of(server.request("GET /a/x%2Fy%20z+")), " x/y z+");
    EXPECT_EQ(status_of(server.request("GET /a/%zz")), "400");
    EXPECT_EQ(status_of(server.request("GET /a/x/y")), "404");
    EXPECT_EQ(status_of(server.request("GET /a/")), "404");
}

TEST(HttpRouter, HasTypedParametersAndQueryParameters) {
    http::Router router;
    router.get("/n/{id:int}", [](Request& request) {
        return Response::text(std::to_string(request.param<short>("id") * 2) + " " +
                              request.query_param("q").value_or("none") + " " +
                              std::string(request.query()));
    });
    router.get("/wrong",
               [](Request& request) { return Response::text(std::string(request.param("x"))); });
    RunningServer server(router);
    EXPECT_EQ(body_of(server.request("GET /n/21?p=1&q=a%26b+c")), "42 a&b c p=1&q=a%26b+c");
    EXPECT_EQ(body_of(server.request("GET /n/21?q")), "42  q");
    EXPECT_EQ(body_of(server.request("GET /n/21")), "42 none ");
    EXPECT_EQ(status_of(server.request("GET /n/99999")), "404"); // no short
    EXPECT_EQ(status_of(server.request("GET /wrong")), "500");
}

TEST(HttpRouter, SaysWhatIsNotThere) {
    http::Router router;
    router.get("/", named("root"));
    router.del("/", named("deleted"));
    RunningServer server(router);
    EXPECT_EQ(status_of(server.request("GET /x")), "404");
    EXPECT_EQ(status_of(server.request("GET *")), "404");
    EXPECT_EQ(body_of(server.request("DELETE /")), "deleted");
    EXPECT_THAT(
        server.request("POST /"),
        AllOf(StartsWith("HTTP/1.1 405 "), HasSubstr("\r\nAllow: GET, DELETE, HEAD, OPTIONS\r\n")));
    EXPECT_THAT(server.request("OPTIONS /"),
                AllOf(StartsWith("HTTP/1.1 204 "), HasSubstr("\r\nAllow: GET, ")));
    EXPECT_EQ(status_of(server.request("OPTIONS *")), "204");
    EXPECT_EQ(status_of(server.request("BREW /")), "501");
    EXPECT_EQ(status_of(server.request("get /")), "501"); // methods have a case
}

TEST(HttpRouter, RefusesPatternsThatAreWrong) {
    http::Router router;
    router.get("/a/{x}", named(""));
    const auto refused = [&](const char* pattern, const char* why) {
        EXPECT_THAT([&] { router.get(pattern, named("")); },
                    testing::ThrowsMessage<hocket::ValueError>(HasSubstr(why)));
    };
    refused("a", "does not begin with a slash");
    refused("/{a", "has a brace that does not enclose a whole segment");
    refused("/x{a}", "has a brace that does not enclose a whole segment");
    refused("/{}", "has a parameter without a name");
    refused("/{a:float}", "known are str, int and path");
    refused("/{a:path}/b", "goes on after a parameter of type path");
    refused("/{a}/{a}", "has two parameters of one name");
    refused("/a/{y}", "has other names for its parameters");
    refused("/a/{x}", "has a handler for this method");
    EXPECT_THROW(router.route("G T", "/", named("")), hocket::ValueError);
}
