#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "cluster/cluster_executor.hpp"
#include "crawl/running_program.hpp"
#include "crawl/sample_site.hpp"
#include "crawl/temporary_folder.hpp"

namespace {

using crawl_tests::example;
using crawl_tests::RunningProgram;
using crawl_tests::TemporaryFolder;
using ::testing::HasSubstr;

TEST(ClusterDemo, ReadsPagesOnTheClusterAndFindsTheSameAsProcesses) {
    TemporaryFolder folder;
    crawl_tests::write_site(folder);
    const std::string engine = variable("HOCKET_TEST_ENGINE");
    std::vector<std::string> arguments{
        example("crawl"), "--demo",   folder.path(),
        "--delay",        "1ms",      "--way",
        engine,           "--python", variable("HOCKET_TEST_PYTHON")};
    if (const std::string address = variable("HOCKET_TEST_ADDRESS"); !address.empty()) {
        arguments.insert(arguments.end(), {"--address", address});
    }
    if (const std::string token = variable("HOCKET_TEST_TOKEN"); !token.empty()) {
        ::setenv("RAY_AUTH_MODE", "token", 1);
        ::setenv("RAY_AUTH_TOKEN", token.c_str(), 1);
    }
    RunningProgram program(arguments);
    const std::string output = program.read_all();
    EXPECT_EQ(program.wait(), 0) << output;
    EXPECT_THAT(output, HasSubstr("\n  processes "));
    EXPECT_THAT(output, HasSubstr("\n  " + engine + " "));
    EXPECT_THAT(output, HasSubstr("Both ways found exactly the same: 8 pages, "));
}

} // namespace
