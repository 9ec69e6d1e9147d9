#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <system_error>
#include <vector>

#include "web/page_fetch.hpp"
#include "web/site_crawl.hpp"
#include "web/site_report.hpp"

namespace {

using testing::ElementsAre;
using web::PageOutcome;
using web::Problem;
using web::SiteCrawl;
using web::SiteReport;

const std::string origin = "http://h";

PageOutcome page(const std::string& path, const std::vector<std::string>& links,
                 std::uint64_t words = 1) {
    PageOutcome outcome;
    outcome.final_url = origin + path;
    outcome.status = 200;
    outcome.html = true;
    outcome.words = words;
    for (const std::string& link : links) outcome.links.push_back(origin + link);
    return outcome;
}

PageOutcome broken(const std::string& path) {
    PageOutcome outcome;
    outcome.final_url = origin + path;
    outcome.problem = Problem::http_status;
    outcome.message = "404 Not Found";
    return outcome;
}

/// A site as a crawler sees it: the outcome of requesting each path.
using Site = std::map<std::string, PageOutcome>;

PageOutcome ask(const Site& site, const web::Url& url) {
    const auto found = site.find(url.path);
    return found == site.end() ? broken(url.path) : found->second;
}

SiteReport crawl_in_order(const Site& site, std::size_t limit = 0) {
    SiteCrawl crawl(web::parse_url(origin + "/"), limit);
    while (const auto ticket = crawl.next()) crawl.finish(*ticket, ask(site, ticket->url));
    EXPECT_TRUE(crawl.done());
    return crawl.report();
}

/// Crawls with many pages in flight, which arrive in random order.
SiteReport crawl_at_random(const Site& site, std::size_t limit, unsigned seed) {
    std::mt19937 random(seed);
    SiteCrawl crawl(web::parse_url(origin + "/"), limit);
    std::vector<SiteCrawl::Ticket> in_flight;
    for (;;) {
        while (in_flight.size() < 8) {
            auto ticket = crawl.next();
            if (!ticket) break;
            in_flight.push_back(std::move(*ticket));
        }
        if (in_flight.empty()) return crawl.report();
        const auto picked = in_flight.begin() + static_cast<long>(random() % in_flight.size());
        crawl.finish(*picked, ask(site, picked->url));
        in_flight.erase(picked);
    }
}

Site site_with_everything() {
    Site site;
    site["/"] = page("/", {"/a", "/b", "/r"});
    site["/a"] = page("/a", {"/", "/c", "/missing"}, 10);
    site["/b"] = page("/b", {"/c", "/d", "/missing"}, 20);
    site["/c"] = page("/c", {"/e", "/f", "/g"}, 30);
    site["/d"] = page("/d", {"/h", "/r2"}, 40);
    for (const char* leaf : {"/e", "/f", "/g", "/h"}) site[leaf] = page(leaf, {"/"}, 5);
    site["/r"] = page("/hidden", {"/h", "/gone"}, 50);
    site["/r2"] = page("/c", {"/e", "/f", "/g"}, 30);
    return site;
}

} // namespace

TEST(SiteCrawl, FetchesEveryPageOnce) {
    SiteCrawl crawl(web::parse_url("http://h"));
    const Site site = site_with_everything();
    std::vector<std::string> asked;
    while (const auto ticket = crawl.next()) {
        asked.push_back(ticket->url.path);
        crawl.finish(*ticket, ask(site, ticket->url));
    }
    EXPECT_THAT(asked, ElementsAre("/", "/a", "/b", "/r", "/c", "/missing", "/d", "/h", "/gone",
                                   "/e", "/f", "/g", "/r2"));
}

TEST(SiteCrawl, WaitsForPagesInFlight) {
    SiteCrawl crawl(web::parse_url("http://h/"));
    const auto first = crawl.next();
    ASSERT_TRUE(first);
    EXPECT_FALSE(crawl.next());
    EXPECT_FALSE(crawl.done());
    EXPECT_EQ(crawl.counts().in_flight, 1u);
    crawl.finish(*first, page("/", {"/a"}));
    EXPECT_EQ(crawl.counts().queued, 1u);
    EXPECT_TRUE(crawl.next());
}

TEST(SiteCrawl, SaysWhereBrokenLinksWereFound) {
    const SiteReport report = crawl_in_order(site_with_everything());
    ASSERT_EQ(report.broken.size(), 2u);
    EXPECT_EQ(report.broken[0].url, "http://h/gone");
    EXPECT_THAT(report.broken[0].linked_from, ElementsAre("http://h/hidden"));
    EXPECT_EQ(report.broken[1].url, "http://h/missing");
    EXPECT_THAT(report.broken[1].linked_from, ElementsAre("http://h/a", "http://h/b"));
}

TEST(SiteCrawl, CountsTheTargetOfARedirectOnce) {
    const SiteReport report = crawl_in_order(site_with_everything());
    ASSERT_EQ(report.redirects.size(), 2u);
    EXPECT_EQ(report.redirects[0].to, "http://h/hidden");
    EXPECT_EQ(report.redirects[1].to, "http://h/c");
    EXPECT_EQ(report.pages.size(), 10u);
    EXPECT_EQ(report.words(), 1u + 10 + 20 + 30 + 40 + 4 * 5 + 50);
}

TEST(SiteCrawl, DoesNotFollowRedirectsToOtherSites) {
    PageOutcome away = page("/", {});
    away.off_site = true;
    away.final_url = "http://elsewhere/";
    const SiteReport report = crawl_in_order({{"/", away}});
    EXPECT_TRUE(report.pages.empty());
    ASSERT_EQ(report.redirects.size(), 1u);
    EXPECT_EQ(report.redirects[0].to, "http://elsewhere/");
}

TEST(SiteCrawl, FindsTheSameInWhateverOrderPagesComeIn) {
    const Site site = site_with_everything();
    const SiteReport in_order = crawl_in_order(site);
    for (unsigned seed = 0; seed < 200; ++seed)
        ASSERT_THAT(web::differences(in_order, crawl_at_random(site, 0, seed)), ElementsAre());
}

TEST(SiteCrawl, FindsTheSameWithALimitInWhateverOrderPagesComeIn) {
    const Site site = site_with_everything();
    for (std::size_t limit = 1; limit <= 14; ++limit) {
        const SiteReport in_order = crawl_in_order(site, limit);
        for (unsigned seed = 0; seed < 50; ++seed)
            ASSERT_THAT(web::differences(in_order, crawl_at_random(site, limit, seed)),
                        ElementsAre());
    }
}

TEST(SiteCrawl, FetchesNoMoreThanItsLimit) {
    SiteCrawl crawl(web::parse_url("http://h/"), 2);
    const Site site = site_with_everything();
    int asked = 0;
    while (const auto ticket = crawl.next()) {
        ++asked;
        crawl.finish(*ticket, ask(site, ticket->url));
    }
    EXPECT_EQ(asked, 2);
    EXPECT_TRUE(crawl.done());
    EXPECT_EQ(crawl.counts().queued, 0u);
}

TEST(SiteCrawl, ReportsWhatItHasWhenItIsStopped) {
    SiteCrawl crawl(web::parse_url("http://h/"), 10);
    const Site site = site_with_everything();
    const auto root = crawl.next();
    crawl.finish(*root, ask(site, root->url));
    const auto a = crawl.next();
    const auto b = crawl.next();
    // With a limit, /b has to wait for /a, which never arrives; /b has still been fetched.
    crawl.finish(*b, ask(site, b->url));
    EXPECT_EQ(crawl.report().pages.size(), 2u);
}

TEST(SiteReport, SurvivesTheWayThroughJson) {
    SiteReport report = crawl_in_order(site_with_everything());
    report.way = "threads";
    report.seconds = 1.25;
    report.peak_memory_kib = 4096;
    report.interrupted = true;
    report.broken[0].message = "odd \"characters\"\n\x01 é";
    const SiteReport back = web::report_from_json(web::to_json(report));
    EXPECT_EQ(back.way, report.way);
    EXPECT_EQ(back.start, report.start);
    EXPECT_EQ(back.seconds, report.seconds);
    EXPECT_EQ(back.peak_memory_kib, report.peak_memory_kib);
    EXPECT_TRUE(back.interrupted);
    EXPECT_EQ(back.pages, report.pages);
    EXPECT_EQ(back.redirects, report.redirects);
    EXPECT_EQ(back.broken, report.broken);
}

TEST(SiteReport, NamesEveryDifference) {
    SiteReport a = crawl_in_order(site_with_everything());
    SiteReport b = a;
    a.way = "a";
    b.way = "b";
    EXPECT_THAT(web::differences(a, b), ElementsAre());
    b.pages[0].words += 1;
    b.broken.pop_back();
    EXPECT_EQ(web::differences(a, b).size(), 3u);
    EXPECT_THAT(web::differences(a, b)[0], testing::StartsWith("only a: page http://h/ "));
}

TEST(SiteReport, IsJsonAlsoIfAServerSendsWhatIsNotUtf8) {
    SiteReport report = crawl_in_order(site_with_everything());
    report.broken[0].message = "caf\xe9";
    EXPECT_EQ(web::report_from_json(web::to_json(report)).broken[0].message, "caf\uFFFD");
}

namespace {

web::Response html_response(const std::string& html) {
    return {200, "OK", std::nullopt, "TEXT/HTML; charset=x", html};
}

web::Response redirect_to(const std::string& location) { return {302, "Found", location, "", ""}; }

} // namespace

TEST(PageFetch, FollowsRedirectsOnTheSameSite) {
    const auto site = web::parse_url("http://h/");
    web::PageFetch fetch(site, web::parse_url("http://h/old"));
    EXPECT_EQ(fetch.url().to_string(), "http://h/old");
    ASSERT_TRUE(fetch.take({301, "Moved Permanently", "new?x", "", ""}));
    EXPECT_EQ(fetch.url().to_string(), "http://h/new?x");
    ASSERT_FALSE(fetch.take(html_response("one <a href=b#c>two</a> <img")));
    const PageOutcome outcome = fetch.outcome();
    EXPECT_EQ(outcome.final_url, "http://h/new?x");
    EXPECT_EQ(outcome.words, 2u);
    EXPECT_THAT(outcome.links, ElementsAre("http://h/b"));
}

TEST(PageFetch, GivesUpAfterTenRedirects) {
    const auto site = web::parse_url("http://h/");
    web::PageFetch fetch(site, site);
    int redirects = 1;
    while (fetch.take(redirect_to("/"))) ++redirects;
    EXPECT_EQ(redirects, 11);
    EXPECT_EQ(fetch.outcome().problem, Problem::redirect_loop);
}

TEST(PageFetch, KeepsOnlyLinksOfTheSiteAndEachOnce) {
    const auto site = web::parse_url("http://h/");
    web::PageFetch fetch(site, site);
    ASSERT_FALSE(
        fetch.take(html_response("<base href=/docs/><a href=x><a href='x#y'><a href='./x'>"
                                 "<a href=http://other/><a href=mailto:me><a href=//h:81/z>")));
    EXPECT_THAT(fetch.outcome().links, ElementsAre("http://h/docs/x", "http://h:81/z"));
}

TEST(PageFetch, SaysWhenARedirectHasNoTarget) {
    const auto site = web::parse_url("http://h/");
    web::PageFetch fetch(site, site);
    EXPECT_FALSE(fetch.take({302, "Found", std::nullopt, "", ""}));
    EXPECT_EQ(fetch.outcome().problem, Problem::not_http);
    EXPECT_EQ(fetch.outcome().message, "302 Found without a Location");
}

TEST(PageFetch, SaysWhyAPageCouldNotBeHad) {
    const auto site = web::parse_url("http://h/");
    web::PageFetch fetch(site, site);
    ASSERT_TRUE(fetch.take(redirect_to("/new")));
    fetch.fail(std::make_error_code(std::errc::connection_reset));
    const PageOutcome outcome = fetch.outcome();
    EXPECT_EQ(outcome.problem, Problem::cut_off);
    EXPECT_EQ(outcome.message,
              "cut off: the server reset the connection, after a redirect to http://h/new");
}
