// examples/tail.cpp and examples/count_lines.cpp.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "crawl/running_program.hpp"
#include "crawl/temporary_folder.hpp"

namespace {

using crawl_tests::RunningProgram;
using crawl_tests::TemporaryFolder;

TEST(TailExample, PrintsTheLastLinesAndWhatIsWrittenFromThenOn) {
    const TemporaryFolder folder;
    std::string lines;
    for (int i = 1; i <= 12; ++i) {
        lines += "line " + std::to_string(i) + "\n";
    }
    folder.write("log", lines);
    const std::string path = (folder.path() / "log").string();
    RunningProgram tail({crawl_tests::example("tail"), path});
    for (int i = 3; i <= 12; ++i) {
        EXPECT_EQ(tail.read_line(), "line " + std::to_string(i));
    }
    std::ofstream(path, std::ios::app) << "appended\n";
    EXPECT_EQ(tail.read_line(), "appended");
    folder.write("log", "anew\n"); // shorter than what was read before
    EXPECT_EQ(tail.read_line(), "anew");
    std::filesystem::remove(path);
    EXPECT_EQ(tail.wait(), 0);
}

TEST(TailExample, SaysWhatItCannotOpen) {
    RunningProgram tail({crawl_tests::example("tail"), "/absent"});
    EXPECT_EQ(tail.wait(), 1);
}

TEST(CountLinesExample, CountsTheLinesBelowAFolder) {
    const TemporaryFolder folder;
    std::string long_text;
    for (int i = 0; i < 50'000; ++i) {
        long_text += "a line\n";
    }
    folder.write("one.cpp", "1\n2\n3\n");
    folder.write("deep/er/two.cpp", long_text);
    folder.write("deep/README", "1\nno end");
    folder.write("deep/.hidden", "");
    for (int i = 0; i < 200; ++i) {
        folder.write("many/" + std::to_string(i) + ".txt", "\n");
    }
    RunningProgram count({crawl_tests::example("count_lines"), folder.path().string()});
    EXPECT_EQ(count.read_all(), "    2 files       1 lines  (none)\n"
                                "    2 files   50003 lines  .cpp\n"
                                "  200 files     200 lines  .txt\n");
    EXPECT_EQ(count.wait(), 0);
}

} // namespace
