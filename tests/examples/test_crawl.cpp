// Runs the crawler as a program: against our own server, against nginx, and against servers that
// misbehave. Every test runs in all four ways.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "crawl/crawl_program.hpp"
#include "crawl/running_program.hpp"
#include "crawl/sample_site.hpp"
#include "crawl/scripted_server.hpp"
#include "crawl/temporary_folder.hpp"
#include "crawl/web_servers.hpp"
#include "web/site_report.hpp"

namespace {

using namespace crawl_tests;
using testing::ElementsAre;
using testing::HasSubstr;
using web::Problem;
using web::SiteReport;

class EveryWay : public testing::TestWithParam<const char*> {};

} // namespace

INSTANTIATE_TEST_SUITE_P(Crawl, EveryWay,
                         testing::Values("sequential", "threads", "coroutines", "processes"),
                         [](const auto& info) { return std::string(info.param); });

TEST_P(EveryWay, FindsTheSameOnOurServerAndOnNginx) {
    TemporaryFolder folder;
    write_site(folder);
    ServeProgram serve(folder.path());
    Nginx nginx(folder.path());
    const Crawl ours = run_crawl(serve.origin(), GetParam());
    const Crawl theirs = run_crawl(nginx.origin(), GetParam());
    EXPECT_EQ(ours.code, 0);
    EXPECT_EQ(theirs.code, 0);

    const SiteReport site = without_origin(ours.report, serve.origin());
    EXPECT_THAT(web::differences(site, without_origin(theirs.report, nginx.origin())),
                ElementsAre());
    EXPECT_THAT(page_paths(site, "http://site"),
                ElementsAre("/", "/a%20b.html", "/caf%C3%A9.html", "/index.html", "/large.html",
                            "/picture.png", "/sub/", "/sub/x.txt"));
    EXPECT_EQ(problems(site, "http://site"),
              (std::map<std::string, Problem>{{"/empty/", Problem::http_status},
                                              {"/missing.html", Problem::http_status},
                                              {"/missing.html?q=1", Problem::http_status}}));
    EXPECT_THAT(site.broken[1].linked_from, ElementsAre("http://site/", "http://site/index.html"));
    ASSERT_EQ(site.redirects.size(), 1u);
    EXPECT_EQ(site.redirects[0].to, "http://site/sub/");
}

TEST_P(EveryWay, ReportsEachBadAnswerForItsPageAndGoesOn) {
    ScriptedServer server;
    const std::string refused = "http://127.0.0.1:" + std::to_string(free_port()) + "/";
    server.page("/", "<a href=/missing><a href=/short><a href=/chunks><a href=/cut-chunks>"
                     "<a href=/loop><a href=/ssh><a href=/half-a-head><a href=/nothing>"
                     "<a href=/reset><a href=/silent><a href=/nowhere><a href=/error><a href='" +
                         refused + "'><a href=/last>");
    const std::string ok = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n";
    const std::string chunked = ok + "Transfer-Encoding: chunked\r\n\r\n";
    server.on("/short", ok + "Content-Length: 1000\r\n\r\n<a href=/never>only this");
    server.on("/chunks", chunked + "5\r\nhello, this is not a chunk of five\r\n");
    server.on("/cut-chunks", chunked + "5\r\nhello\r\n");
    server.on("/loop", ScriptedServer::redirect("/loop2"));
    server.on("/loop2", ScriptedServer::redirect("/loop"));
    server.on("/ssh", "SSH-2.0-OpenSSH_9.2\r\n");
    server.on("/half-a-head", "HTTP/1.1 200 OK\r\nContent-");
    server.on("/nothing", "");
    server.reset("/reset");
    server.silent("/silent");
    server.on("/nowhere", "HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n");
    server.on("/error", "HTTP/1.1 500 Oops\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    server.page("/last", "<a href=/beyond>the crawl went on</a>");
    server.page("/beyond", "and on");

    const Crawl crawl = run_crawl(server.origin(), GetParam(), {"--timeout", "1.5"});
    EXPECT_EQ(crawl.code, 0);
    EXPECT_THAT(page_paths(crawl.report, server.origin()), ElementsAre("/", "/beyond", "/last"));
    EXPECT_EQ(problems(crawl.report, server.origin()), (std::map<std::string, Problem>{
                                                           {"/missing", Problem::http_status},
                                                           {"/short", Problem::cut_off},
                                                           {"/chunks", Problem::not_http},
                                                           {"/cut-chunks", Problem::cut_off},
                                                           {"/loop", Problem::redirect_loop},
                                                           {"/ssh", Problem::not_http},
                                                           {"/half-a-head", Problem::cut_off},
                                                           {"/nothing", Problem::cut_off},
                                                           {"/reset", Problem::cut_off},
                                                           {"/silent", Problem::timeout},
                                                           {"/nowhere", Problem::not_http},
                                                           {"/error", Problem::http_status},
                                                           {refused, Problem::refused},
                                                       }));
    for (const web::BrokenLink& broken : crawl.report.broken) {
        EXPECT_THAT(broken.linked_from, ElementsAre(server.origin() + "/")) << broken.url;
        EXPECT_NE(broken.message, "") << broken.url;
    }
}

TEST_P(EveryWay, SaysTheSameAboutEveryBadAnswer) {
    ScriptedServer server;
    server.page("/", "<a href=/short><a href=/reset><a href=/loop><a href=/missing>");
    server.on("/short", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nfour");
    server.reset("/reset");
    server.on("/loop", ScriptedServer::redirect("/loop"));
    const SiteReport report = run_crawl(server.origin(), GetParam()).report;
    ASSERT_EQ(report.broken.size(), 4u);
    EXPECT_EQ(report.broken[0].message, "redirect loop: more than 10 redirects, after a redirect "
                                        "to " +
                                            server.origin() + "/loop");
    EXPECT_EQ(report.broken[1].message, "404 Not Found");
    EXPECT_EQ(report.broken[2].message, "cut off: the server reset the connection");
    EXPECT_EQ(report.broken[3].message, "cut off: Content-Length is 10, but only 4 bytes came");
}

TEST_P(EveryWay, ReportsAStartPageThatRefuses) {
    const std::string url = "http://127.0.0.1:" + std::to_string(free_port()) + "/";
    const Crawl crawl = run_crawl(url, GetParam());
    EXPECT_EQ(crawl.code, 1);
    ASSERT_EQ(crawl.report.broken.size(), 1u);
    EXPECT_EQ(crawl.report.broken[0].problem, Problem::refused);
    EXPECT_EQ(crawl.report.broken[0].message, "connection refused");
    EXPECT_THAT(crawl.report.broken[0].linked_from, ElementsAre());
}

TEST_P(EveryWay, AsksAgainWhenAnIdleConnectionHasBeenClosed) {
    // This server closes after every answer without announcing it.
    ScriptedServer server;
    const auto ok = [](const std::string& html) {
        return "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: " +
               std::to_string(html.size()) + "\r\n\r\n" + html;
    };
    server.on("/", ok("<a href=/a>"));
    server.on("/a", ok("<a href=/b>"));
    server.on("/b", ok("<a href=/c>"));
    server.on("/c", ok("the end"));
    const Crawl crawl = run_crawl(server.origin(), GetParam());
    EXPECT_THAT(page_paths(crawl.report, server.origin()), ElementsAre("/", "/a", "/b", "/c"));
    EXPECT_TRUE(crawl.report.broken.empty());
}

TEST_P(EveryWay, EndsAtCtrlCWithWhatItHas) {
    ScriptedServer server;
    server.page("/", "<a href=/a><a href=/silent>");
    server.page("/a", "two words");
    server.silent("/silent");
    RunningProgram program(crawl_arguments(server.origin(), GetParam(), {"--timeout", "50"}));
    ASSERT_TRUE(server.wait_for_request("/a"));
    ASSERT_TRUE(server.wait_for_request("/silent"));
    const auto start = std::chrono::steady_clock::now();
    program.send_signal(SIGINT);
    const Crawl crawl = finish(program);
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20));
    EXPECT_EQ(crawl.code, 130);
    EXPECT_TRUE(crawl.report.interrupted);
    EXPECT_THAT(page_paths(crawl.report, server.origin()), testing::Contains("/"));
}

TEST_P(EveryWay, MeasuresItsTimeAndItsMemory) {
    TemporaryFolder folder;
    folder.write("index.html", "hello");
    ServeProgram serve(folder.path(), {"--delay", "50ms"});
    const SiteReport report = run_crawl(serve.origin(), GetParam()).report;
    EXPECT_GE(report.seconds, 0.05);
    EXPECT_GT(report.peak_memory_kib, 500u);
    EXPECT_EQ(report.worker_processes > 0, std::string(GetParam()) == "processes");
}

TEST(Crawl, FindsTheSameInPythonsDocumentationOnOurServerAndOnNginx) {
    const std::string folder = "/usr/share/doc/python3-doc/html";
    ASSERT_TRUE(std::filesystem::exists(folder))
        << "python3-doc is not installed: apt-get install python3-doc";
    ServeProgram serve(folder);
    Nginx nginx(folder);
    const SiteReport ours =
        without_origin(run_crawl(serve.origin(), "coroutines").report, serve.origin());
    const SiteReport theirs =
        without_origin(run_crawl(nginx.origin(), "coroutines").report, nginx.origin());
    EXPECT_GT(ours.html_pages(), 400u);
    EXPECT_GT(ours.words(), 1'000'000u);
    EXPECT_THAT(web::differences(ours, theirs), ElementsAre());
}

TEST(Crawl, FindsTheSameInPythonsDocumentationWhereverItsPagesAreRead) {
    ServeProgram serve("/usr/share/doc/python3-doc/html");
    const SiteReport here = run_crawl(serve.origin(), "coroutines").report;
    const SiteReport elsewhere = run_crawl(serve.origin(), "processes").report;
    EXPECT_GT(here.words(), 1'000'000u);
    EXPECT_THAT(web::differences(here, elsewhere), ElementsAre());
}

TEST(CrawlDemo, PrintsARowForEachWayAndThatTheyAgree) {
    TemporaryFolder folder;
    write_site(folder);
    RunningProgram program({example("crawl"), "--demo", folder.path(), "--delay", "5ms"});
    const std::string output = program.read_all();
    EXPECT_EQ(program.wait(), 0);
    EXPECT_THAT(output, HasSubstr("\n  sequential "));
    EXPECT_THAT(output, HasSubstr("\n  threads "));
    EXPECT_THAT(output, HasSubstr("\n  coroutines "));
    EXPECT_THAT(output, HasSubstr("\n  processes "));
    EXPECT_THAT(output, HasSubstr("\n  The memory of \"processes\" is that of "));
    EXPECT_THAT(output, HasSubstr("All 4 ways found exactly the same: 8 pages, "));
    EXPECT_THAT(output, HasSubstr("3 broken links"));
}

TEST(CrawlDemo, EndsAtCtrlCWithTheRowsItHas) {
    TemporaryFolder folder;
    write_site(folder);
    RunningProgram program({example("crawl"), "--demo", folder.path(), "--delay", "5000ms"});
    EXPECT_THAT(program.read_line(), HasSubstr("every answer takes 5000ms"));
    program.send_signal(SIGINT);
    EXPECT_THAT(program.read_all(), HasSubstr("Interrupted"));
    EXPECT_EQ(program.wait(), 130);
}

TEST(CrawlOptions, AreExplainedWhenTheyAreWrong) {
    for (const std::vector<std::string>& options : {std::vector<std::string>{},
                                                    {"ftp://h/"},
                                                    {"http://h/", "--way", "magic"},
                                                    {"http://h/", "--limit", "x"},
                                                    {"--demo"},
                                                    {"http://h/", "--address", "h:1"},
                                                    {"--demo", "/", "--address", "h:1"},
                                                    {"http://h/", "--delay", "1ms"}}) {
        std::vector<std::string> arguments{example("crawl")};
        arguments.insert(arguments.end(), options.begin(), options.end());
        RunningProgram program(arguments);
        program.read_all();
        EXPECT_NE(program.wait(), 0);
    }
}
