#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <unistd.h>

#include <nlohmann/json.hpp>

#include "hocket_command.hpp"

namespace {

using namespace tool_tests;
using testing::HasSubstr;

/// A program that exports none of its functions, and blocks its loop. Its stalls are reported into
/// the file `errors`.
class HocketCommandOnABlockedProgram : public HocketCommand {
protected:
    void start_blocked(const std::string& kind) {
        start_program(BLOCKED_PROGRAM + kind, errors());
        ASSERT_EQ(program().read_line(), "ready");
        ::usleep(100'000);
    }
    [[nodiscard]] std::string errors() const { return folder() + "/errors"; }
    /// The report of the blocked loop, once it is complete.
    [[nodiscard]] std::string report() const {
        for (int i = 0; i < 600; ++i) {
            std::stringstream text;
            text << std::ifstream(errors()).rdbuf();
            if (text.str().find("_start") != std::string::npos ||
                text.str().find("libc_start") != std::string::npos) {
                return text.str();
            }
            ::usleep(100'000);
        }
        return "";
    }
    /// The first line of `text` that contains `part`.
    static std::string line_with(const std::string& text, const std::string& part) {
        std::istringstream lines(text);
        for (std::string line; std::getline(lines, line);) {
            if (line.find(part) != std::string::npos) {
                return line;
            }
        }
        return "";
    }
};

TEST_F(HocketCommandOnABlockedProgram, StacksNameFunctionsAndLinesByDebugInformation) {
    if (HOCKET_HAS_LIBDW == 0) {
        GTEST_SKIP() << "the command was built without libdw";
    }
    start_blocked("debug");
    const std::string place = "::block_quietly() at blocked_program.cpp:";
    EXPECT_THAT(hocket_command("stacks " + pid()).text, HasSubstr(place));
    EXPECT_THAT(hocket_json("stacks --json " + pid()).dump(), HasSubstr(place));
    const std::string top = hocket_command("top --once --interval 0.2 " + pid()).text;
    EXPECT_THAT(top, HasSubstr("BLOCKED for"));
    EXPECT_THAT(top, HasSubstr(place));
    EXPECT_THAT(top, HasSubstr("::blocking_main() at blocked_program.cpp:"));
}

TEST_F(HocketCommandOnABlockedProgram, StacksShowInlinedFunctions) {
    if (HOCKET_HAS_LIBDW == 0) {
        GTEST_SKIP() << "the command was built without libdw";
    }
    start_blocked("debug");
    EXPECT_THAT(hocket_command("stacks " + pid()).text,
                testing::ContainsRegex("inner_step[^\n]* at blocked_program.cpp:[0-9]+ .inlined.\n"
                                       "[^\n]*outer_step[^\n]* at blocked_program.cpp:[0-9]+ "
                                       ".inlined.\n"
                                       "[^\n]*take_steps[^\n]* at blocked_program.cpp:"));
}

TEST_F(HocketCommandOnABlockedProgram, StacksNameFunctionsByTheSymbolTable) {
    if (HOCKET_HAS_LIBDW == 0) {
        GTEST_SKIP() << "the command was built without libdw";
    }
    start_blocked("symbols");
    const std::string stacks = hocket_command("stacks " + pid()).text;
    const std::string line = line_with(stacks, "block_quietly");
    EXPECT_THAT(line, HasSubstr("::block_quietly() + 0x")) << stacks;
    EXPECT_THAT(line, testing::EndsWith("(blocked_program_symbols)"));
}

TEST_F(HocketCommandOnABlockedProgram, StacksShowOffsetsOfAStrippedProgram) {
    start_blocked("stripped");
    EXPECT_THAT(hocket_command("stacks " + pid()).text,
                testing::ContainsRegex("\\?\\? \\+ 0x[0-9a-f]+ \\(" BLOCKED_PROGRAM "stripped\\)"));
}

TEST_F(HocketCommandOnABlockedProgram, StacksNameFunctionsOfAProgramThatWasReplaced) {
    if (HOCKET_HAS_LIBDW == 0) {
        GTEST_SKIP() << "the command was built without libdw";
    }
    const std::string copy = folder() + "/copy";
    std::filesystem::copy_file(BLOCKED_PROGRAM "debug", copy);
    start_program(copy, "/dev/null");
    ASSERT_EQ(program().read_line(), "ready");
    std::filesystem::remove(copy);
    std::filesystem::copy_file("/bin/sh", copy);
    EXPECT_THAT(hocket_command("stacks " + pid()).text,
                HasSubstr("::block_quietly() at blocked_program.cpp:"));
}

TEST_F(HocketCommandOnABlockedProgram, SymbolsNamesTheFunctionsOfAStallReport) {
    if (HOCKET_HAS_LIBDW == 0) {
        GTEST_SKIP() << "the command was built without libdw";
    }
    start_blocked("debug");
    const std::string reported = report();
    EXPECT_THAT(reported, testing::Not(HasSubstr("block_quietly")));
    const std::string named = hocket_command("symbols " + errors()).text;
    EXPECT_THAT(named, HasSubstr("::block_quietly() at blocked_program.cpp:"));
    EXPECT_THAT(named, testing::StartsWith(reported.substr(0, reported.find('\n') + 1)));
    EXPECT_EQ(shell(HOCKET_COMMAND " symbols <" + errors()).text, named);
    EXPECT_EQ(hocket_command("symbols " + folder() + "/missing").text,
              "hocket: cannot read " + folder() + "/missing: No such file or directory\n");
}

} // namespace
