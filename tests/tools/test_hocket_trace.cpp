#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <unistd.h>

#include "crawl/crawl_program.hpp"
#include "crawl/sample_site.hpp"
#include "crawl/temporary_folder.hpp"
#include "crawl/web_servers.hpp"
#include "tools/hocket_command.hpp"

using testing::AnyOf;
using testing::ElementsAre;
using testing::HasSubstr;
using namespace tool_tests;

namespace {

class HocketTrace : public HocketCommand {
protected:
    [[nodiscard]] std::string file() const { return folder() + "/program.pftrace"; }

    [[nodiscard]] Output trace(const std::string& arguments) const {
        return hocket_command("trace " + pid() + " -o " + file() + ' ' + arguments);
    }
    /// What read_trace.py, which checks it, finds in the file.
    [[nodiscard]] json content() const {
        const Output output = shell("/usr/bin/python3 " READ_TRACE " " + file());
        EXPECT_EQ(output.code, 0) << output.text;
        return json::parse(output.text, nullptr, false);
    }
};

/// How often the arrows of a trace come by these slices and instants, "thread: name", in this order
/// and by no others.
int count_arrows(const json& trace, const std::vector<std::string>& stations) {
    int count = 0;
    for (const json& arrow : trace["arrows"]) {
        std::vector<std::string> found;
        for (const json& station : arrow) {
            found.push_back(station[0].get<std::string>() + ": " + station[1].get<std::string>());
        }
        count += found == stations ? 1 : 0;
    }
    return count;
}

using HocketTraceByStartMethod = ByStartMethod<HocketTrace>;

TEST_P(HocketTraceByStartMethod, ArrowsLeadFromSubmissionToResumption) {
    start_and_wait("work");
    ::unsetenv("METHOD");
    const Output said = trace("--for 600ms");
    ASSERT_EQ(said.code, 0) << said.text;
    EXPECT_THAT(said.text, HasSubstr("Recording process " + pid()));
    EXPECT_THAT(said.text, HasSubstr("processes and"));
    EXPECT_THAT(said.text, HasSubstr("https://ui.perfetto.dev"));
    const json trace = content();
    const json& threads = trace["threads"];
    ASSERT_TRUE(threads.contains("main loop")) << threads;
    EXPECT_GT(threads["main loop"]["slices"]["requests"], 10) << threads;
    EXPECT_GT(threads["main loop"]["instants"]["submit parse page"], 3);
    std::string worker;
    for (const auto& [name, thread] : threads.items()) {
        if (thread["process"] != program().pid() && !thread["slices"].empty()) {
            worker = name;
        }
    }
    ASSERT_NE(worker, "") << threads;
    const std::string work = threads[worker]["slices"].items().begin().key();
    const std::string shown = trace["arrows"].dump().substr(0, 3000);
    EXPECT_GT(count_arrows(trace, {"main loop: submit", worker + ": " + work, "hocket-pool: result",
                                   "main loop: requests"}),
              3)
        << shown;
    int pages = 0; // their results may have been there before they were awaited
    for (const std::string thread : {"crunch_0", "crunch_1"}) {
        const std::string page = thread + ": parse page";
        pages += count_arrows(trace, {"main loop: submit parse page", page});
        pages += count_arrows(trace, {"main loop: submit parse page", page, "main loop: requests"});
    }
    EXPECT_GT(pages, 3) << shown;
    EXPECT_THAT(trace["places"].dump(), HasSubstr("observed_program.cpp:"));
}

INSTANTIATE_TEST_SUITE_P(StartMethods, HocketTraceByStartMethod,
                         testing::Values("spawn", "forkserver", "fork"),
                         [](const auto& info) { return info.param; });

TEST_F(HocketTrace, EndsWithTheProgram) {
    start_and_wait("work");
    RunningProgram recorder({HOCKET_COMMAND, "trace", pid(), "-o", file()});
    ASSERT_THAT(recorder.read_line(), HasSubstr("Recording"));
    ::usleep(300'000);
    ::kill(program().pid(), SIGKILL);
    program().wait();
    EXPECT_EQ(recorder.wait(), 0);
    EXPECT_GT(content()["threads"]["main loop"]["slices"]["requests"], 3);
}

TEST_F(HocketTrace, WritesItsFileWhenItIsInterrupted) {
    start_and_wait("work");
    RunningProgram recorder({HOCKET_COMMAND, "trace", pid(), "-o", file()});
    ASSERT_THAT(recorder.read_line(), HasSubstr("Recording"));
    ::usleep(300'000);
    ::kill(recorder.pid(), SIGINT);
    EXPECT_EQ(recorder.wait(), 0);
    EXPECT_GT(content()["threads"]["main loop"]["slices"]["requests"], 3);
}

TEST_F(HocketTrace, ShowsTheLastSecondsOfAProgramThatRecordsItself) {
    ::unsetenv("HOCKET_OBSERVE");
    ::setenv("HOCKET_TRACE", "1", 1);
    start_and_wait("work");
    ::unsetenv("HOCKET_TRACE");
    ::usleep(500'000);
    const Output said = trace("--last 10s");
    ASSERT_EQ(said.code, 0) << said.text;
    const json trace = content();
    EXPECT_GT(trace["threads"]["main loop"]["slices"]["requests"], 10);
    EXPECT_GT(trace["arrows"].size(), 3U);
}

TEST_F(HocketTrace, NothingIsRecordedAnyMoreOnceTheCommandIsKilled) {
    start_and_wait("work");
    {
        RunningProgram recorder({HOCKET_COMMAND, "trace", pid(), "-o", file()});
        ASSERT_THAT(recorder.read_line(), HasSubstr("Recording"));
        ASSERT_EQ(trace("--last 1s").code, 0);
    } // kills it
    Output said;
    do { // the observer sees the end of the connection soon
        said = trace("--last 1s");
    } while (said.code == 0);
    EXPECT_EQ(said.text, "hocket: process " + pid() +
                             " does not record what it does: start it with HOCKET_TRACE=1, or use "
                             "--for to record from now on\n");
}

TEST_F(HocketTrace, SaysWhatIsWrong) {
    start_and_wait("deadlock");
    EXPECT_THAT(trace("--last 1s").text, HasSubstr("does not record what it does"));
    const Output nowhere = hocket_command("trace " + pid() + " -o /no/such/folder/file --for 1s");
    EXPECT_EQ(nowhere.code, 1);
    EXPECT_EQ(nowhere.text,
              "hocket: cannot write /no/such/folder/file: No such file or directory\n");
    for (const char* time :
         {"--for 0s", "--for -1s", "--for soon", "--for 10h", "--for 1s --last 1s"}) {
        EXPECT_EQ(trace(time).code, 2) << time;
    }
    EXPECT_EQ(hocket_command("trace " + pid()).code, 2);
    EXPECT_FALSE(std::filesystem::exists(file()));
    Output quiet; // nothing happens in the program, once its tasks have begun to wait
    for (int i = 0; i < 20 && quiet.text.find("the loops slept") == std::string::npos; ++i) {
        quiet = trace("--for 50ms");
        EXPECT_EQ(quiet.code, 0);
    }
    EXPECT_THAT(quiet.text, HasSubstr("the loops slept"));
    const std::string ended = pid();
    ::kill(program().pid(), SIGKILL);
    program().wait();
    EXPECT_EQ(hocket_command("trace " + ended + " -o " + file() + " --for 1s").text,
              "hocket: there is no process " + ended + "\n");
}

TEST_F(HocketTrace, AFileThatCannotBeWrittenToItsEndIsAnError) {
    start_and_wait("work");
    const Output full = hocket_command("trace " + pid() + " -o /dev/full --for 100ms");
    EXPECT_EQ(full.code, 1);
    EXPECT_THAT(full.text, HasSubstr("cannot write /dev/full: No space left on device"));
}

TEST_F(HocketTrace, CrawlWritesATimelineOfItself) {
    crawl_tests::TemporaryFolder site;
    crawl_tests::write_site(site);
    crawl_tests::ServeProgram serve(site.path());
    const crawl_tests::Crawl crawl =
        crawl_tests::run_crawl(serve.origin(), "processes", {"--trace", file()});
    EXPECT_EQ(crawl.code, 0);
    EXPECT_GT(crawl.report.pages.size(), 3U);
    const json trace = content();
    EXPECT_THAT(trace["places"].dump(), HasSubstr("crawl_coroutines.cpp:")) << trace;
    EXPECT_GT(trace["arrows"].size(), 0U);
}

TEST_F(HocketTrace, CrawlSaysThatTheFileCannotBeWrittenBeforeItCrawls) {
    const Output said =
        shell(crawl_tests::example("crawl") + " http://127.0.0.1:1/ --trace /no/such/folder/file");
    EXPECT_EQ(said.code, 1);
    EXPECT_EQ(said.text, "hocket: cannot write /no/such/folder/file: No such file or directory\n"
                         "crawl: hocket trace could not record\n");
}

} // namespace
