#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "hocket_command.hpp"

namespace {

using namespace tool_tests;
using testing::HasSubstr;

TEST_F(HocketCommand, AnotherUserIsRefused) {
    if (::geteuid() != 0) {
        GTEST_SKIP() << "only root can try it as another user";
    }
    start_and_wait("deadlock");
    // Even if the folder lets them in.
    ::chmod(folder().c_str(), 0777);
    ::chmod((folder() + "/hocket").c_str(), 0777);
    ::chmod((folder() + "/hocket/" + pid() + ".sock").c_str(), 0777);
    const std::string as_nobody = "cp " HOCKET_COMMAND " " + folder() +
                                  "/hocket_copy && setpriv --reuid=65534 --clear-groups " +
                                  folder() + "/hocket_copy ";
    const Output top = shell(as_nobody + "top --once " + pid());
    EXPECT_EQ(top.code, 1);
    EXPECT_EQ(top.text, "hocket: process " + pid() + " belongs to another user\n");
    const Output tree = shell(as_nobody + "tree " + pid());
    EXPECT_EQ(tree.code, 1) << tree.text;
    EXPECT_THAT(tree.text, HasSubstr("belongs to another user"));
    EXPECT_THAT(shell(as_nobody + "ps --json").text, testing::Not(HasSubstr(pid())));
}

TEST_F(HocketCommand, AFolderThatOthersCanEnterIsNotUsed) {
    ASSERT_EQ(::mkdir((folder() + "/hocket").c_str(), 0755), 0);
    const std::string errors = folder() + "/errors";
    start("deadlock", errors);
    ASSERT_EQ(program().read_line(), "ready");
    std::stringstream text;
    text << std::ifstream(errors).rdbuf();
    EXPECT_EQ(text.str(), "hocket: HOCKET_OBSERVE has no effect: the folder " + folder() +
                              "/hocket is open to other users: its mode must be 0700\n");
    EXPECT_EQ(hocket_command("tree " + pid()).code, 1);
}

TEST_F(HocketCommand, SaysWhatIsWrong) {
    EXPECT_EQ(hocket_command("top 99999999").text, "hocket: there is no process 99999999\n");
    EXPECT_EQ(hocket_command("top 99999999").code, 1);
    EXPECT_EQ(hocket_command("tree").code, 2);
    EXPECT_THAT(hocket_command("tree").text, HasSubstr("PID is required"));
    EXPECT_EQ(hocket_command("top -5").code, 2);
    for (const std::string number : {"abc", "0", "1.5", "99999999999"}) {
        EXPECT_THAT(hocket_command("top " + number).text,
                    testing::StartsWith("PID: '" + number + "' is not the number of a process"));
        EXPECT_EQ(hocket_command("top " + number).code, 2);
    }
    EXPECT_EQ(hocket_command("nonsense").code, 2);
    const std::string self = std::to_string(::getpid());
    EXPECT_EQ(hocket_command("metrics " + self).text,
              "hocket: process " + self + " runs no event loop of hocket\n");
    ::unsetenv("HOCKET_OBSERVE");
    start_and_wait("deadlock");
    EXPECT_EQ(hocket_command("tree " + pid()).text,
              "hocket: process " + pid() +
                  " has no observer: start it with HOCKET_OBSERVE=1, or call hocket::observe() in "
                  "it\n");
}

std::string other_thread_of(const std::string& process) {
    for (const auto& entry : std::filesystem::directory_iterator("/proc/" + process + "/task")) {
        if (entry.path().filename() != process) {
            return entry.path().filename();
        }
    }
    return "";
}

TEST_F(HocketCommand, SaysWhatIsWrongWithTheProcess) {
    start("pools");
    program().read_line(); // its worker
    ASSERT_EQ(program().read_line(), "ready");
    const std::string self = std::to_string(::getpid());
    for (const std::string verb : {"top --once ", "tree ", "stacks ", "metrics "}) {
        EXPECT_EQ(hocket_command(verb + self).text,
                  "hocket: process " + self + " runs no event loop of hocket\n");
        EXPECT_EQ(hocket_command(verb + "99999999").text, "hocket: there is no process 99999999\n");
        EXPECT_EQ(hocket_command(verb + other_thread_of(pid())).text,
                  "hocket: " + other_thread_of(pid()) + " is a thread of process " + pid() + "\n");
    }
    ::kill(program().pid(), SIGKILL);
    siginfo_t ended{};
    ::waitid(P_PID, static_cast<id_t>(program().pid()), &ended, WEXITED | WNOWAIT);
    for (const std::string verb : {"top --once ", "tree ", "stacks ", "metrics "}) {
        EXPECT_EQ(hocket_command(verb + pid()).text, "hocket: process " + pid() + " has ended\n");
        EXPECT_EQ(hocket_command(verb + pid()).code, 1);
    }
}

TEST_F(HocketCommand, SaysThatAStoppedProgramDoesNotAnswer) {
    start_and_wait("deadlock");
    program().send_signal(SIGSTOP);
    std::string text;
    for (int i = 0; i < 40 && text.empty(); ++i) { // until nobody can connect any more
        hocket_command("ps");
        text = shell("timeout 0.1 " HOCKET_COMMAND " tree " + pid()).text;
    }
    EXPECT_EQ(text, "hocket: the process does not answer: has it been stopped?\n");
    const json programs = hocket_json("ps --json");
    const auto row =
        std::find_if(programs.begin(), programs.end(), [this](const json& program_row) {
            return program_row["pid"] == program().pid();
        });
    ASSERT_NE(row, programs.end()) << programs;
    EXPECT_EQ((*row)["observed"], true);
    program().send_signal(SIGCONT);
    std::string tree;
    do { // it first answers those who connected while it was stopped
        tree = hocket_command("tree " + pid()).text;
    } while (tree == text);
    EXPECT_THAT(tree, HasSubstr("CYCLE"));
}

TEST_F(HocketCommand, TopEndsWithTheProgram) {
    start_and_wait("deadlock");
    const std::string end_it = "(sleep 0.3; kill -9 " + pid() + ") & ";
    const Output top = shell(end_it + HOCKET_COMMAND " top --interval 0.1 " + pid());
    EXPECT_EQ(top.code, 1);
    EXPECT_THAT(top.text, testing::ContainsRegex("hocket: (process " + pid() +
                                                 " has ended|the process ended)"));
}

TEST_F(HocketCommand, TreeSaysThatABlockedLoopCannotListItsTasks) {
    start_and_wait("block");
    EXPECT_EQ(hocket_command("tree " + pid()).text,
              "loop 0 is blocked and cannot list its tasks: hocket stacks " + pid() +
                  " shows what it does\n");
}

TEST_F(HocketCommand, FindsTheSocketOfAProgramWithAnotherEnvironment) {
    ::unsetenv("XDG_RUNTIME_DIR");
    start_and_wait("deadlock");
    ::setenv("XDG_RUNTIME_DIR", folder().c_str(), 1);
    EXPECT_THAT(hocket_command("tree " + pid()).text, HasSubstr("CYCLE"));
}

} // namespace
