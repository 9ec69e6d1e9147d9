// The crawler's --sqlite: the contents of the database afterwards, whatever happens meanwhile.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <hocket/hocket.hpp>
#include <hocket/sqlite.hpp>

#include "crawl/crawl_program.hpp"
#include "crawl/sample_site.hpp"
#include "crawl/scripted_server.hpp"
#include "crawl/web_servers.hpp"

namespace {

using namespace crawl_tests;
using hocket::Coro;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Key;
using testing::StartsWith;
namespace sqlite = hocket::sqlite;

struct Row {
    std::int64_t status = 0;
    bool html = false;
    std::optional<std::string> title;
    std::uint64_t words = 0;
    std::string links;
    std::string body;
    std::string crawled_at;
};

/// The rows of the table page, by URL.
using Rows = std::map<std::string, Row>;

Rows rows_of(const std::string& file) {
    return hocket::run([&]() -> Coro<Rows> {
        Rows rows;
        const auto database = co_await sqlite::connect(file, {.create = false});
        const auto found = co_await database.fetchall("SELECT * FROM page");
        for (const sqlite::Row& row : found) {
            const auto body = row.get<sqlite::Blob>("body");
            const auto* const bytes = reinterpret_cast<const char*>(body.data());
            rows[row.get<std::string>("url")] = {
                row.get<std::int64_t>("status"),
                row.get<bool>("html"),
                row.get<std::optional<std::string>>("title"),
                row.get<std::uint64_t>("words"),
                row.get<std::string>("links"),
                body.empty() ? std::string() : std::string(bytes, body.size()),
                row.get<std::string>("crawled_at"),
            };
        }
        co_return rows;
    });
}

void run_script(const std::string& file, const std::string& script) {
    hocket::run([&]() -> Coro<> {
        const auto database = co_await sqlite::connect(file);
        co_await database.executescript(script);
    });
}

std::string content_of(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

class StoringCrawl : public testing::TestWithParam<const char*> {
protected:
    Crawl crawl(const std::string& origin) const {
        return run_crawl(origin, GetParam(), {"--sqlite", file_});
    }
    /// The crawl's output, stderr included, and its exit code.
    std::pair<std::string, int> output_of(const std::string& origin) const {
        RunningProgram program({"/bin/sh", "-c", R"("$0" "$@" 2>&1)", example("crawl"), origin,
                                "--way", GetParam(), "--sqlite", file_});
        std::string output = program.read_all();
        return {std::move(output), program.wait()};
    }
    void expect_all_pages_stored(const Crawl& crawl) const {
        const Rows rows = rows_of(file_);
        EXPECT_EQ(rows.size(), crawl.report.pages.size());
        for (const web::PageReport& page : crawl.report.pages) {
            ASSERT_TRUE(rows.contains(page.url)) << page.url;
            const Row& row = rows.at(page.url);
            EXPECT_EQ(row.status, page.status) << page.url;
            EXPECT_EQ(row.html, page.html) << page.url;
            EXPECT_EQ(row.words, page.words) << page.url;
            EXPECT_EQ(row.body.size(), page.bytes) << page.url;
        }
    }

    TemporaryFolder folder_;
    std::string file_ = (folder_.path() / "pages.db").string();
};

} // namespace

INSTANTIATE_TEST_SUITE_P(Crawl, StoringCrawl, testing::Values("coroutines", "processes"),
                         [](const auto& info) { return std::string(info.param); });

TEST_P(StoringCrawl, StoresEveryPageAsItWasServed) {
    TemporaryFolder site;
    write_site(site);
    site.write("a b.html", "<title>\n Two &amp;\n lines </title><a href=sub/x.txt>1</a>"
                           "<a href='/missing.html?q=1'>");
    Nginx nginx(site.path());
    const Crawl found = crawl(nginx.origin());
    EXPECT_EQ(found.code, 0);
    EXPECT_EQ(found.report.pages.size(), 8u);
    expect_all_pages_stored(found);

    const Rows rows = rows_of(file_);
    const Row& page = rows.at(nginx.origin() + "/a%20b.html");
    EXPECT_EQ(page.title, "Two & lines");
    EXPECT_EQ(page.links,
              "[\"" + nginx.origin() + "/sub/x.txt\",\"" + nginx.origin() + "/missing.html?q=1\"]");
    EXPECT_EQ(page.body, content_of(site.path() / "a b.html"));
    EXPECT_THAT(page.crawled_at, testing::MatchesRegex("20..-..-..T..:..:..Z"));
    const Row& picture = rows.at(nginx.origin() + "/picture.png");
    EXPECT_EQ(picture.title, std::nullopt);
    EXPECT_EQ(picture.links, "[]");
    EXPECT_EQ(picture.body, content_of(site.path() / "picture.png"));
    // Everything is in the one file.
    EXPECT_FALSE(std::filesystem::exists(file_ + "-wal"));
}

TEST_P(StoringCrawl, StoresPythonsDocumentation) {
    ServeProgram serve("/usr/share/doc/python3-doc/html");
    const Crawl found = crawl(serve.origin());
    EXPECT_GT(found.report.html_pages(), 400u);
    expect_all_pages_stored(found);
    EXPECT_THAT(*rows_of(file_).at(serve.origin() + "/library/asyncio.html").title,
                StartsWith("asyncio "));
}

TEST_P(StoringCrawl, ReplacesPagesWhenItRunsAgain) {
    TemporaryFolder site;
    write_site(site);
    Nginx nginx(site.path());
    EXPECT_EQ(crawl(nginx.origin()).code, 0);
    site.write("café.html", "<title>New</title>seven and more");
    site.write("index.html", "<a href=\"caf&eacute;.html\">");
    const Crawl again = crawl(nginx.origin());
    EXPECT_EQ(again.code, 0);
    EXPECT_EQ(again.report.pages.size(), 2u);
    const Rows rows = rows_of(file_);
    EXPECT_EQ(rows.size(), 8u); // pages that nothing links to any more stay
    EXPECT_EQ(rows.at(nginx.origin() + "/caf%C3%A9.html").title, "New");
    EXPECT_EQ(rows.at(nginx.origin() + "/caf%C3%A9.html").words, 3u);
}

TEST_P(StoringCrawl, FindsWhatItFindsWithoutStoring) {
    TemporaryFolder site;
    write_site(site);
    ServeProgram serve(site.path());
    const Crawl storing = crawl(serve.origin());
    const Crawl plain = run_crawl(serve.origin(), GetParam());
    EXPECT_THAT(web::differences(plain.report, storing.report), ElementsAre());
}

TEST_P(StoringCrawl, StoresWhereARedirectLed) {
    ScriptedServer server;
    server.page("/", "<a href=/moved><a href=/away>");
    server.on("/moved", ScriptedServer::redirect("/here"));
    server.on("/away", ScriptedServer::redirect("http://elsewhere.test/"));
    server.page("/here", "moved");
    crawl(server.origin());
    EXPECT_THAT(rows_of(file_),
                ElementsAre(Key(server.origin() + "/"), Key(server.origin() + "/here")));
}

TEST_P(StoringCrawl, SaysThatAFileCannotBeWritten) {
    file_ = "/proc/none/pages.db"; // not even root can create it
    ScriptedServer server;
    server.page("/", "hello");
    const auto [output, code] = output_of(server.origin());
    EXPECT_EQ(code, 1);
    EXPECT_THAT(output, AllOf(HasSubstr("crawl: cannot store pages in /proc/none/pages.db: "),
                              HasSubstr("unable to open database file")));
}

TEST_P(StoringCrawl, SaysThatAFileIsNoDatabase) {
    folder_.write("pages.db", std::string(5000, 'x'));
    ScriptedServer server;
    server.page("/", "hello");
    const auto [output, code] = output_of(server.origin());
    EXPECT_EQ(code, 1);
    EXPECT_THAT(output,
                HasSubstr("crawl: cannot store pages in " + file_ + ": file is not a database"));
    EXPECT_EQ(content_of(file_), std::string(5000, 'x'));
}

TEST_P(StoringCrawl, SaysThatATableIsAnotherPrograms) {
    run_script(file_, "CREATE TABLE page (number INTEGER)");
    ScriptedServer server;
    server.page("/", "hello");
    const auto [output, code] = output_of(server.origin());
    EXPECT_EQ(code, 1);
    EXPECT_THAT(output, HasSubstr("cannot store pages in " + file_ + ": no such column"));
}

TEST_P(StoringCrawl, LosesOnlyThePageThatCannotBeStored) {
    run_script(file_, "CREATE TABLE page (url TEXT PRIMARY KEY, status, html, title, words, links,"
                      " body CHECK (length(body) < 1000), crawled_at)");
    TemporaryFolder site;
    site.write("index.html", "<a href=a.txt><a href=large.txt><a href=b.txt>");
    site.write("a.txt", "a");
    site.write("b.txt", "b");
    site.write("large.txt", std::string(1000, 'x'));
    ServeProgram serve(site.path());
    const Crawl found = crawl(serve.origin());
    EXPECT_EQ(found.code, 1);
    ASSERT_EQ(found.report.pages.size(), 4u);
    for (const web::PageReport& page : found.report.pages) {
        if (page.url.ends_with("/large.txt")) {
            EXPECT_THAT(page.not_kept, HasSubstr("CHECK constraint failed"));
        } else {
            EXPECT_EQ(page.not_kept, "") << page.url;
        }
    }
    EXPECT_EQ(rows_of(file_).size(), 3u);
}

TEST_P(StoringCrawl, KeepsAtCtrlCWhatWasCommitted) {
    ScriptedServer server;
    server.page("/", "<a href=/a><a href=/silent>");
    server.page("/a", "two words");
    server.silent("/silent");
    RunningProgram program(
        crawl_arguments(server.origin(), GetParam(), {"--timeout", "50", "--sqlite", file_}));
    ASSERT_TRUE(server.wait_for_request("/a"));
    ASSERT_TRUE(server.wait_for_request("/silent"));
    program.send_signal(SIGINT);
    const Crawl found = finish(program);
    EXPECT_EQ(found.code, 130);
    const Rows rows = rows_of(file_);
    EXPECT_TRUE(rows.contains(server.origin() + "/"));
    for (const web::PageReport& page : found.report.pages)
        EXPECT_TRUE(rows.contains(page.url)) << page.url;
}

TEST_P(StoringCrawl, LeavesWholePagesWhenItIsKilled) {
    ScriptedServer server;
    std::map<std::string, std::string> served;
    std::string links = "<a href=/silent>"; // keeps the crawl running until it is killed
    for (int i = 0; i < 30; ++i) {
        const std::string path = "/page" + std::to_string(i) + ".html";
        links += "<a href=" + path + ">";
        served[server.origin() + path] = std::string(300'000, static_cast<char>('a' + i % 26));
    }
    served[server.origin() + "/"] = links;
    for (const auto& [url, content] : served)
        server.page(url.substr(server.origin().size()), content);
    server.silent("/silent");
    RunningProgram program(
        crawl_arguments(server.origin(), GetParam(), {"--timeout", "300", "--sqlite", file_}));
    ASSERT_TRUE(server.wait_for_request("/silent"));
    const auto committed = [&] {
        return hocket::run([&]() -> Coro<std::int64_t> {
            const auto database = co_await sqlite::connect(file_);
            const auto row = co_await database.fetchone("SELECT count(*) FROM page");
            co_return row.value().get<std::int64_t>(0);
        });
    };
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(50);
    while (committed() < 8 && std::chrono::steady_clock::now() < deadline)
        std::this_thread::yield();
    program.send_signal(SIGKILL);
    program.read_all();
    EXPECT_EQ(program.wait(), -SIGKILL);
    const Rows rows = rows_of(file_);
    EXPECT_GE(rows.size(), 8u);
    for (const auto& [url, row] : rows)
        EXPECT_TRUE(row.body == served.at(url)) << url; // EXPECT_EQ would print both
}

TEST(StoringCrawlOptions, AreRefusedWhereTheyMeanNothing) {
    for (const char* way : {"sequential", "threads"}) {
        RunningProgram program({"/bin/sh", "-c", R"("$0" "$@" 2>&1)", example("crawl"), "http://h/",
                                "--sqlite", "x", "--way", way});
        EXPECT_THAT(program.read_all(), HasSubstr("--sqlite belongs to the ways coroutines"));
        EXPECT_EQ(program.wait(), 2);
    }
}
