// The comment at the head of each example says what the example prints. These tests compare the two
// for the examples that need no arguments and print the same in each run, except for times, and for
// all steps of the tutorial.

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

#include "crawl/running_program.hpp"

namespace {

using crawl_tests::RunningProgram;

/// The lines below "//     $ name" in examples/`path`.cpp; the name is the last part of the path.
std::string output_in_comment(const std::string& path) {
    const std::string margin = "//     ";
    const std::string name = std::filesystem::path(path).filename();
    std::ifstream source(HOCKET_EXAMPLE_SOURCES_DIR "/" + path + ".cpp");
    std::string line;
    while (std::getline(source, line) && line != margin + "$ " + name) {
    }
    std::string output;
    while (std::getline(source, line) && line.starts_with(margin))
        output += line.substr(margin.size()) + '\n';
    return output;
}

std::string without_times(const std::string& text) {
    const std::string without_durations =
        std::regex_replace(text, std::regex("[0-9]+ ms"), "so many ms");
    return std::regex_replace(without_durations, std::regex("[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9:]{8}"),
                              "now");
}

/// Removes the folder of a source file, which depends on the build, and the name of the function,
/// which depends on the compiler.
std::string without_places(const std::string& text) {
    return std::regex_replace(text, std::regex(" at \\S*/(\\S+:[0-9]+)( in .*)?"), " at $1");
}

/// "tutorial/01_hello" and so on.
std::vector<std::string> tutorial_steps() {
    std::vector<std::string> steps;
    for (const auto& file :
         std::filesystem::directory_iterator(HOCKET_EXAMPLE_SOURCES_DIR "/tutorial")) {
        steps.push_back("tutorial/" + file.path().stem().string());
    }
    std::sort(steps.begin(), steps.end());
    return steps;
}

std::vector<std::string> sorted_lines(const std::string& text) {
    std::istringstream stream(text);
    std::vector<std::string> lines;
    for (std::string line; std::getline(stream, line);) {
        lines.push_back(line);
    }
    std::sort(lines.begin(), lines.end());
    return lines;
}

class Example : public testing::TestWithParam<std::string> {};

} // namespace

INSTANTIATE_TEST_SUITE_P(Examples, Example,
                         testing::Values("gather_factorials", "timeout_and_cancel",
                                         "process_pool_while_serving", "parallel_primes_map",
                                         "crash_survived", "graceful_drain", "shared_counter",
                                         "producers_consumers_processes", "udp_time_server"),
                         [](const auto& info) { return info.param; });

#ifdef HOCKET_TEST_OPENCL
INSTANTIATE_TEST_SUITE_P(Gpu, Example, testing::Values("gpu/gpu_saxpy", "gpu/gpu_blur_server"),
                         [](const auto& info) {
                             return info.param.substr(info.param.find('/') + 1);
                         });
#endif

#ifdef HOCKET_TEST_HTTP
INSTANTIATE_TEST_SUITE_P(
    Http, Example, testing::Values("http/http_client", "http/http_server", "http/websocket_chat"),
    [](const auto& info) { return info.param.substr(info.param.find('/') + 1); });
#endif

#ifdef HOCKET_TEST_SQLITE
INSTANTIATE_TEST_SUITE_P(Databases, Example, testing::Values("databases/sqlite_accounts"),
                         [](const auto& info) {
                             return info.param.substr(info.param.find('/') + 1);
                         });
#endif

INSTANTIATE_TEST_SUITE_P(Tutorial, Example, testing::ValuesIn(tutorial_steps()),
                         [](const auto& info) {
                             return info.param.substr(info.param.find('/') + 1);
                         });

TEST_P(Example, PrintsWhatItsCommentSays) {
    const std::string expected = output_in_comment(GetParam());
    ASSERT_NE(expected, "");
    RunningProgram program({crawl_tests::example(GetParam())});
    const std::string output = program.read_all();
    if (output.starts_with("no device")) {
        GTEST_SKIP() << output;
    }
    EXPECT_EQ(without_places(without_times(output)), without_times(expected));
    EXPECT_EQ(program.wait(), 0);
}

// The lines of parallel commands may be mixed.
TEST(Supervisor, ShowsTheLinesOfAllItsCommands) {
    RunningProgram program({crawl_tests::example("supervisor")});
    EXPECT_EQ(sorted_lines(program.read_all()), sorted_lines(output_in_comment("supervisor")));
    EXPECT_EQ(program.wait(), 1); // one of the commands fails
}

TEST(Supervisor, ShowsLinesAsTheyComeAndEndsItsCommandsWhenItIsAskedTo) {
    RunningProgram program({crawl_tests::example("supervisor"), "a=echo ready; exec sleep 1000"});
    EXPECT_EQ(program.read_line(), "a | ready"); // arrives while the command runs
    program.send_signal(SIGTERM);
    EXPECT_EQ(program.read_all(), "stopped\n");
    EXPECT_EQ(program.wait(), 1);
}
