// The file name under which a page is kept.

#include <gtest/gtest.h>

#include <string>

#include "web/kept_name.hpp"

namespace {

const web::Url site = web::parse_url("http://h/start.html");

std::string html_name(const std::string& reference) {
    return web::kept_name(web::resolve(site, reference).value(), site, true);
}
std::string other_name(const std::string& reference) {
    return web::kept_name(web::resolve(site, reference).value(), site, false);
}

} // namespace

TEST(KeptName, IsThePath) {
    EXPECT_EQ(html_name("/a.html"), "a.html");
    EXPECT_EQ(html_name("/3.11/sub/B.HTM"), "3.11/sub/B.HTM");
    EXPECT_EQ(other_name("/sub/LICENSE"), "sub/LICENSE");
    EXPECT_EQ(other_name("/.well-known/x"), ".well-known/x");
}

TEST(KeptName, OfAFolderIsItsIndex) {
    EXPECT_EQ(html_name("/"), "index.html");
    EXPECT_EQ(html_name("/sub/"), "sub/index.html");
    EXPECT_EQ(other_name("/sub/"), "sub/index.html");
}

TEST(KeptName, SaysHtmlSoThatAPageCanStandBesideItsFolder) {
    EXPECT_EQ(html_name("/blog"), "blog.html");
    EXPECT_EQ(html_name("/blog/first"), "blog/first.html");
    EXPECT_EQ(html_name("/v1.2"), "v1.2.html");
    EXPECT_EQ(other_name("/blog"), "blog");
}

TEST(KeptName, DecodesEscapes) {
    EXPECT_EQ(html_name("/a%20b.html"), "a b.html");
    EXPECT_EQ(html_name("/caf%C3%A9.html"), "café.html");
    EXPECT_EQ(other_name("/100%25"), "100%");
    EXPECT_EQ(other_name("/100%"), "100%");
}

TEST(KeptName, TellsEscapesFromWhatLooksLikeThem) {
    EXPECT_EQ(other_name("/a%2Fb"), "a%2Fb");
    EXPECT_EQ(other_name("/a%252Fb"), "a%252Fb");
    EXPECT_EQ(other_name("/a%3Fb"), "a%3Fb");
    EXPECT_EQ(other_name("/a%00b"), "a%00b");
    EXPECT_EQ(other_name("/a//b"), "a/%2Fb");
    EXPECT_EQ(other_name("//h//b"), "%2Fb");
}

TEST(KeptName, HasItsQuery) {
    EXPECT_EQ(html_name("/page?q=1"), "page?q=1.html");
    EXPECT_EQ(other_name("/page?a=/../b&c=%2F?"), "page?a=%2F..%2Fb&c=%2F?");
    EXPECT_EQ(other_name("/?"), "index.html?");
    EXPECT_EQ(html_name("/?x.html"), "index.html?x.html");
}

TEST(KeptName, NeverLeadsOut) {
    EXPECT_EQ(other_name("/../../etc/passwd"), "etc/passwd");
    EXPECT_EQ(other_name("/%2e%2e/%2E%2E/etc/passwd"), "etc/passwd");
    EXPECT_EQ(other_name("/a/..%2F..%2Fetc"), "a/..%2F..%2Fetc");
    EXPECT_EQ(other_name("//h///etc"), "%2F%2Fetc");
    // parse_url would not produce these.
    web::Url url = site;
    url.path = "/../a/./%2e%2e%2f/..";
    EXPECT_EQ(web::kept_name(url, site, false), "%2E%2E/a/%2E/..%2F/%2E%2E");
}

TEST(KeptName, NamesThePortUnlessItIsTheSites) {
    EXPECT_EQ(html_name("//h:8080/a.html"), ":8080/a.html");
    EXPECT_EQ(html_name("//h:80/a.html"), "a.html");
}
