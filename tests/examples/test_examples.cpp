// Each example has what it prints in the comment at its head. That it still does is tried for those
// that need no arguments and print the same at each run, but for times.

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

#include "crawl/running_program.hpp"

namespace {

using crawl_tests::RunningProgram;

/// The lines below "//     $ name" in its source.
std::string output_in_comment(const std::string& name) {
    const std::string margin = "//     ";
    std::ifstream source(HOCKET_EXAMPLE_SOURCES_DIR "/" + name + ".cpp");
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

std::vector<std::string> sorted_lines(const std::string& text) {
    std::istringstream stream(text);
    std::vector<std::string> lines;
    for (std::string line; std::getline(stream, line);) {
        lines.push_back(line);
    }
    std::sort(lines.begin(), lines.end());
    return lines;
}

class Example : public testing::TestWithParam<const char*> {};

} // namespace

INSTANTIATE_TEST_SUITE_P(Examples, Example,
                         testing::Values("gather_factorials", "timeout_and_cancel",
                                         "process_pool_while_serving", "parallel_primes_map",
                                         "crash_survived", "graceful_drain", "shared_counter",
                                         "producers_consumers_processes", "udp_time_server"),
                         [](const auto& info) { return std::string(info.param); });

TEST_P(Example, PrintsWhatItsCommentSays) {
    const std::string expected = output_in_comment(GetParam());
    ASSERT_NE(expected, "");
    RunningProgram program({crawl_tests::example(GetParam())});
    EXPECT_EQ(without_times(program.read_all()), without_times(expected));
    EXPECT_EQ(program.wait(), 0);
}

// What runs side by side mixes its lines.
TEST(Supervisor, ShowsTheLinesOfAllItsCommands) {
    RunningProgram program({crawl_tests::example("supervisor")});
    EXPECT_EQ(sorted_lines(program.read_all()), sorted_lines(output_in_comment("supervisor")));
    EXPECT_EQ(program.wait(), 1); // one of the commands fails
}

TEST(Supervisor, ShowsLinesAsTheyComeAndEndsItsCommandsWhenItIsAskedTo) {
    RunningProgram program({crawl_tests::example("supervisor"), "a=echo ready; exec sleep 1000"});
    EXPECT_EQ(program.read_line(), "a | ready"); // while the command runs
    program.send_signal(SIGTERM);
    EXPECT_EQ(program.read_all(), "stopped\n");
    EXPECT_EQ(program.wait(), 1);
}
