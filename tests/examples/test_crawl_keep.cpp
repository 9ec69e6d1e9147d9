// The crawler's --keep: the contents of the folder afterwards, whatever happens meanwhile.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "crawl/crawl_program.hpp"
#include "crawl/sample_site.hpp"
#include "crawl/scripted_server.hpp"
#include "crawl/web_servers.hpp"

namespace {

using namespace crawl_tests;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Key;
using testing::StartsWith;
using web::SiteReport;

/// The contents of all files below a folder, by path.
using Tree = std::map<std::string, std::string>;

std::string content_of(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

Tree tree_of(const std::filesystem::path& folder) {
    Tree tree;
    if (!std::filesystem::exists(folder)) return tree;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder))
        if (entry.is_regular_file())
            tree[entry.path().lexically_relative(folder).string()] = content_of(entry.path());
    return tree;
}

bool is_temporary(const std::string& path) {
    return std::filesystem::path(path).filename().string().starts_with(".hocket-");
}

/// Why each page was not kept, by path.
std::map<std::string, std::string> not_kept(const SiteReport& report, const std::string& origin) {
    std::map<std::string, std::string> reasons;
    for (const web::PageReport& page : report.pages)
        if (!page.not_kept.empty()) reasons[page.url.substr(origin.size())] = page.not_kept;
    return reasons;
}

class KeepingCrawl : public testing::TestWithParam<const char*> {
protected:
    Crawl crawl(const std::string& origin) const {
        return run_crawl(origin, GetParam(), {"--keep", kept_});
    }
    /// The same, but started by a shell that first runs `preparation`.
    Crawl crawl_after(const std::string& preparation, const std::string& origin) const {
        std::vector<std::string> arguments{"/bin/sh", "-c", preparation + R"(; exec "$0" "$@")"};
        for (std::string& argument : crawl_arguments(origin, GetParam(), {"--keep", kept_}))
            arguments.push_back(argument);
        RunningProgram program(arguments);
        return finish(program);
    }

    TemporaryFolder folder_;
    std::string kept_ = (folder_.path() / "new/kept").string();
};

} // namespace

INSTANTIATE_TEST_SUITE_P(Crawl, KeepingCrawl, testing::Values("coroutines", "processes"),
                         [](const auto& info) { return std::string(info.param); });

TEST_P(KeepingCrawl, KeepsEveryPageAsItWasServed) {
    TemporaryFolder site;
    write_site(site);
    Nginx nginx(site.path());
    const Crawl found = crawl(nginx.origin());
    EXPECT_EQ(found.code, 0);
    Tree expected = tree_of(site.path());
    expected.erase("empty/nothing.txt"); // no page links to it
    EXPECT_EQ(expected.size(), 7u);
    EXPECT_EQ(tree_of(kept_), expected);

    // And once more, over the existing files.
    site.write("café.html", "seven and more");
    EXPECT_EQ(crawl(nginx.origin()).code, 0);
    expected["café.html"] = "seven and more";
    EXPECT_EQ(tree_of(kept_), expected);
}

TEST_P(KeepingCrawl, FindsWhatItFindsWithoutKeeping) {
    TemporaryFolder site;
    write_site(site);
    ServeProgram serve(site.path());
    const Crawl keeping = crawl(serve.origin());
    const Crawl plain = run_crawl(serve.origin(), GetParam());
    EXPECT_THAT(web::differences(plain.report, keeping.report), ElementsAre());
}

TEST_P(KeepingCrawl, KeepsPagesBesideTheirFoldersAndWithTheirQueries) {
    ScriptedServer server;
    server.page("/", "<a href=/blog><a href=/blog/first><a href='/list?page=2/'><a href=/moved>");
    server.page("/blog", "the blog");
    server.page("/blog/first", "its first page");
    server.page("/list?page=2/", "more");
    server.on("/moved", ScriptedServer::redirect("/here.html"));
    server.page("/here.html", "moved");
    const Crawl found = crawl(server.origin());
    EXPECT_EQ(found.code, 0);
    Tree kept = tree_of(kept_);
    kept.erase("index.html");
    EXPECT_EQ(kept, (Tree{{"blog.html", "the blog"},
                          {"blog/first.html", "its first page"},
                          {"list?page=2%2F.html", "more"},
                          {"here.html", "moved"}}));
}

TEST_P(KeepingCrawl, KeepsOneOfTwoPagesThatNeedTheSameName) {
    ScriptedServer server;
    server.page("/", "<a href=/a><a href=/a.html>");
    server.page("/a", "one");
    server.page("/a.html", "two");
    const Crawl found = crawl(server.origin());
    EXPECT_EQ(found.code, 1);
    EXPECT_EQ(found.report.pages.size(), 3u);
    const auto lost = not_kept(found.report, server.origin());
    ASSERT_EQ(lost.size(), 1u);
    const bool first = lost.begin()->first == "/a.html";
    EXPECT_EQ(lost.begin()->second, kept_ + "/a.html is where another page is kept, " +
                                        server.origin() + (first ? "/a" : "/a.html"));
    EXPECT_EQ(tree_of(kept_)["a.html"], first ? "one" : "two");
}

TEST_P(KeepingCrawl, SaysWhatCannotBeAFolder) {
    folder_.write("new/kept/sub", "a file");
    TemporaryFolder site;
    write_site(site);
    ServeProgram serve(site.path());
    const Crawl found = crawl(serve.origin());
    EXPECT_EQ(found.code, 1);
    EXPECT_EQ(found.report.pages.size(), 8u); // including those after a page that was not kept
    const auto lost = not_kept(found.report, serve.origin());
    EXPECT_THAT(lost, ElementsAre(Key("/sub/"), Key("/sub/x.txt")));
    EXPECT_THAT(lost.at("/sub/"), HasSubstr(kept_ + "/sub"));
    Tree expected = tree_of(site.path());
    for (const char* gone : {"empty/nothing.txt", "sub/index.html", "sub/x.txt"})
        expected.erase(gone);
    expected["sub"] = "a file";
    EXPECT_EQ(tree_of(kept_), expected);
}

TEST_P(KeepingCrawl, SaysThatAFolderCannotBeWritten) {
    // Not even root can create a file or a folder there.
    kept_ = "/proc/kept";
    TemporaryFolder site;
    write_site(site);
    ServeProgram serve(site.path());
    const Crawl found = crawl(serve.origin());
    EXPECT_EQ(found.code, 1);
    EXPECT_EQ(found.report.pages.size(), 8u);
    const auto lost = not_kept(found.report, serve.origin());
    EXPECT_EQ(lost.size(), 8u);
    for (const auto& [page, reason] : lost)
        EXPECT_THAT(reason, AllOf(HasSubstr("/proc/kept"), HasSubstr("No such file"))) << page;
}

TEST_P(KeepingCrawl, LosesOnlyThePageThatIsTooLargeForTheDisk) {
    TemporaryFolder site;
    site.write("index.html", "<a href=large.txt><a href=sub/small.html>");
    site.write("large.txt", std::string(700'000, 'x'));
    site.write("sub/small.html", "small");
    ServeProgram serve(site.path());
    // In blocks of 512 bytes: less than the page, but more than the shared memory. The system kills
    // a process that exceeds the limit, unless it ignores the signal.
    const Crawl found = crawl_after("trap '' XFSZ; ulimit -f 1300", serve.origin());
    EXPECT_EQ(found.code, 1);
    EXPECT_EQ(found.report.pages.size(), 3u);
    const auto lost = not_kept(found.report, serve.origin());
    ASSERT_THAT(lost, ElementsAre(Key("/large.txt")));
    EXPECT_THAT(lost.at("/large.txt"),
                AllOf(StartsWith("write " + kept_ + "/large.txt"), EndsWith("File too large")));
    Tree expected = tree_of(site.path());
    expected.erase("large.txt");
    EXPECT_EQ(tree_of(kept_), expected); // and no temporary file
}

TEST_P(KeepingCrawl, LosesOnlyThePageThatFindsTheDiskFull) {
    TemporaryFolder site;
    write_site(site);
    ServeProgram serve(site.path());
    std::filesystem::create_directories(kept_);
    std::filesystem::create_symlink("/dev/full", kept_ + "/large.html");
    const Crawl found = crawl(serve.origin());
    EXPECT_EQ(found.code, 1);
    EXPECT_EQ(found.report.pages.size(), 8u);
    const auto lost = not_kept(found.report, serve.origin());
    EXPECT_THAT(lost, ElementsAre(Key("/large.html")));
    EXPECT_THAT(lost.at("/large.html"), EndsWith("No space left on device"));
}

TEST_P(KeepingCrawl, ListsWhatWasNotKept) {
    TemporaryFolder site;
    write_site(site);
    ServeProgram serve(site.path());
    RunningProgram program(
        {example("crawl"), serve.origin(), "--way", GetParam(), "--keep", "/proc/kept"});
    const std::string output = program.read_all();
    EXPECT_EQ(program.wait(), 1);
    EXPECT_THAT(output, HasSubstr("8 pages were not kept\n"));
    EXPECT_THAT(output, HasSubstr("  " + serve.origin() + "/large.html  mkdir /proc/kept: "));
}

TEST_P(KeepingCrawl, LeavesNoHalfPageWhenItIsKilled) {
    ScriptedServer server;
    Tree served;
    std::string links = "<a href=/silent>"; // keeps the crawl running until it is killed
    for (int i = 0; i < 30; ++i) {
        const std::string name = "page" + std::to_string(i) + ".html";
        links += "<a href=" + name + ">";
        served[name] = std::string(300'000, static_cast<char>('a' + i % 26));
    }
    served["index.html"] = links;
    for (const auto& [name, content] : served) server.page("/" + name, content);
    server.page("/", links);
    server.silent("/silent");
    for (const std::size_t enough : {1, 8}) {
        std::filesystem::remove_all(kept_);
        std::filesystem::create_directories(kept_);
        RunningProgram program(
            crawl_arguments(server.origin(), GetParam(), {"--timeout", "300", "--keep", kept_}));
        const auto kept_pages = [&] {
            std::size_t count = 0;
            for (const auto& entry : std::filesystem::directory_iterator(kept_))
                count += !is_temporary(entry.path());
            return count;
        };
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(50);
        while (kept_pages() < enough && std::chrono::steady_clock::now() < deadline)
            std::this_thread::yield();
        program.send_signal(SIGKILL);
        program.read_all();
        EXPECT_EQ(program.wait(), -SIGKILL);
        const Tree kept = tree_of(kept_);
        EXPECT_GE(kept.size(), enough);
        for (const auto& [path, content] : kept) {
            if (is_temporary(path)) continue;
            EXPECT_TRUE(content == served.at(path)) << path; // EXPECT_EQ would print both
        }
    }
}

TEST_P(KeepingCrawl, LeavesNoTemporaryFileAtCtrlC) {
    ScriptedServer server;
    server.page("/", "<a href=/a.html><a href=/silent>");
    server.page("/a.html", "two words");
    server.silent("/silent");
    RunningProgram program(
        crawl_arguments(server.origin(), GetParam(), {"--timeout", "50", "--keep", kept_}));
    ASSERT_TRUE(server.wait_for_request("/a.html"));
    ASSERT_TRUE(server.wait_for_request("/silent"));
    program.send_signal(SIGINT);
    const Crawl found = finish(program);
    EXPECT_EQ(found.code, 130);
    const Tree kept = tree_of(kept_);
    EXPECT_THAT(kept, Contains(Key("index.html")));
    for (const auto& [path, content] : kept) EXPECT_FALSE(is_temporary(path)) << path;
}

TEST(KeepingCrawlOptions, AreRefusedWhereTheyMeanNothing) {
    for (const char* way : {"sequential", "threads"}) {
        RunningProgram program({"/bin/sh", "-c", R"("$0" "$@" 2>&1)", example("crawl"), "http://h/",
                                "--keep", "x", "--way", way});
        EXPECT_THAT(program.read_all(), HasSubstr("--keep belongs to the ways coroutines"));
        EXPECT_EQ(program.wait(), 2);
    }
}
