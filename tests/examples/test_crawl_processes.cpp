// The crawl with worker processes, when reading a page fails. Its workers are this program, so that
// a test can pass a reader that dies. test_crawl.cpp tests the cases that succeed.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <string>
#include <string_view>
#include <unistd.h>
#include <vector>

#include "crawl/peak_memory.hpp"
#include "crawl/scripted_server.hpp"
#include "crawl/way_implementations.hpp"

namespace {

using crawl_tests::ScriptedServer;
using testing::ElementsAre;
using web::PageContents;

struct Crawl {
    bool complete = false;
    web::SiteReport report;
    crawl::ChildProcesses workers;
};

/// Reads one page after the other, so that those on the front page are read in the order of its
/// links.
Crawl crawl_with(crawl::PageReader reader, const ScriptedServer& server) {
    crawl::CrawlOptions options;
    options.start = web::parse_url(server.origin() + "/");
    web::SiteCrawl site(options.start);
    crawl::Progress progress("processes");
    Crawl crawl;
    crawl.complete = crawl::crawl_with_processes(site, options, 1, progress, crawl.workers, reader);
    crawl.report = site.report();
    return crawl;
}

/// `reader` dies on the page that contains "deadly", which is read before the ones that follow it.
void expect_only_the_deadly_page_is_lost(crawl::PageReader reader, const std::string& message) {
    ScriptedServer server;
    server.page("/", "<a href=/deadly><a href=/after>");
    server.page("/deadly", "deadly <a href=/never>");
    server.page("/after", "three more words <a href=/beyond>");
    server.page("/beyond", "the end");

    const Crawl crawl = crawl_with(reader, server);
    EXPECT_TRUE(crawl.complete);
    std::vector<std::string> pages;
    for (const auto& page : crawl.report.pages)
        pages.push_back(page.url.substr(server.origin().size()));
    EXPECT_THAT(pages, ElementsAre("/", "/after", "/beyond"));
    EXPECT_EQ(crawl.report.words(), 5u);
    ASSERT_EQ(crawl.report.broken.size(), 1u);
    EXPECT_EQ(crawl.report.broken[0].url, server.origin() + "/deadly");
    EXPECT_EQ(crawl.report.broken[0].problem, web::Problem::reader_died);
    EXPECT_EQ(crawl.report.broken[0].message, message);
    EXPECT_THAT(crawl.report.broken[0].linked_from, ElementsAre(server.origin() + "/"));
}

bool is_deadly(std::string_view html) { return html.starts_with("deadly"); }

} // namespace

TEST(CrawlWithProcesses, LosesThePageWhoseReaderCrashes) {
    expect_only_the_deadly_page_is_lost(
        [](std::string_view html, const web::Url& page, const web::Url& site) {
            if (is_deadly(html)) {
                std::signal(SIGSEGV, SIG_DFL); // sanitizers install a handler
                ::raise(SIGSEGV);
            }
            return web::read_page(html, page, site);
        },
        "the process that read the page was ended by SIGSEGV");
}

TEST(CrawlWithProcesses, LosesThePageWhoseReaderLeaves) {
    expect_only_the_deadly_page_is_lost(
        [](std::string_view html, const web::Url& page, const web::Url& site) {
            if (is_deadly(html)) ::_exit(3);
            return web::read_page(html, page, site);
        },
        "the process that read the page left with exit code 3");
}

TEST(CrawlWithProcesses, EndsAtCtrlCWhileAPageIsRead) {
    // A shell that runs the tests in the background may ignore SIGINT.
    std::signal(SIGINT, SIG_DFL);
    ScriptedServer server;
    server.page("/", "<a href=/endless>");
    server.page("/endless", "endless");
    const Crawl crawl = crawl_with(
        [](std::string_view html, const web::Url& page, const web::Url& site) {
            if (html == "endless") {
                ::kill(::getppid(), SIGINT);
                for (;;) ::pause();
            }
            return web::read_page(html, page, site);
        },
        server);
    EXPECT_FALSE(crawl.complete);
    ASSERT_EQ(crawl.report.pages.size(), 1u);
    EXPECT_EQ(crawl.report.pages[0].url, server.origin() + "/");
    EXPECT_EQ(crawl::child_processes().count, 0u);
}

TEST(CrawlWithProcesses, TellsHowMuchMemoryItsWorkersHad) {
    ScriptedServer server;
    server.page("/", "hello");
    const Crawl crawl = crawl_with(web::read_page, server);
    EXPECT_EQ(crawl.workers.count, 1u); // because there was one page
    EXPECT_GT(crawl.workers.peak_memory_kib, 500u);
}
