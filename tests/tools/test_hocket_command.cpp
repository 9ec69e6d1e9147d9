#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <system_error>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <unistd.h>

#include <nlohmann/json.hpp>

#include "hocket_command.hpp"

namespace {

using namespace tool_tests;
using testing::AnyOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

TEST_F(HocketCommand, PsListsTheProgramsOfThisUser) {
    start_and_wait("deadlock");
    const json programs = hocket_json("ps --json");
    const auto found = std::find_if(programs.begin(), programs.end(), [this](const json& row) {
        return row["pid"] == program().pid();
    });
    ASSERT_NE(found, programs.end()) << programs;
    EXPECT_EQ((*found)["program"], "observed_program");
    EXPECT_EQ((*found)["loops"], 1);
    EXPECT_EQ((*found)["tasks"], 3);
    EXPECT_EQ((*found)["pools"], 0);
    EXPECT_EQ((*found)["observed"], true);
    EXPECT_GE((*found)["up_seconds"], 0.0);
    EXPECT_THAT(hocket_command("ps").text, HasSubstr("observed_program"));
}

TEST_F(HocketCommand, TopShowsAnIdleLoopAndWhatItsTasksWaitFor) {
    start_and_wait("deadlock");
    const json top = hocket_json("top --once --json --interval 0.2 " + pid());
    ASSERT_EQ(top["loops"].size(), 1U);
    EXPECT_EQ(top["loops"][0]["name"], "main loop");
    EXPECT_LT(top["loops"][0]["busy"], 0.2);
    EXPECT_EQ(top["loops"][0]["blocked_seconds"], 0.0);
    std::vector<std::string> reasons;
    for (const json& group : top["tasks"]) {
        reasons.push_back(group["waits_for"]);
    }
    EXPECT_THAT(reasons, testing::Contains("Lock held by 'refill'")) << top;
    EXPECT_THAT(hocket_command("top --once --interval 0.2 " + pid()).text,
                HasSubstr("Lock held by 'refill'"));
}

TEST_F(HocketCommand, TopShowsABlockedLoopWithTheTaskAndItsStack) {
    start_and_wait("block");
    ::usleep(100'000);
    const json top = hocket_json("top --once --json --interval 0.2 " + pid());
    const json& loop = top["loops"][0];
    EXPECT_GT(loop["blocked_seconds"], 0.2) << top;
    EXPECT_GT(loop["busy"], 0.9);
    EXPECT_EQ(loop["blocked_by"], "blocker");
    EXPECT_THAT(loop["stack"].dump(), HasSubstr("nanosleep"));
    const std::string text = hocket_command("top --once --interval 0.2 " + pid()).text;
    EXPECT_THAT(text, HasSubstr("BLOCKED for"));
    EXPECT_THAT(text, HasSubstr("by 'blocker', created at observed_program.cpp:"));
    EXPECT_THAT(hocket_command("stacks " + pid()).text, HasSubstr("nanosleep"));
}

TEST_F(HocketCommand, TopShowsABlockedLoopWithoutAnObserverToo) {
    ::unsetenv("HOCKET_OBSERVE");
    start_and_wait("block");
    ::usleep(100'000);
    const json top = hocket_json("top --once --json --interval 0.2 " + pid());
    EXPECT_GT(top["loops"][0]["blocked_seconds"], 0.2) << top;
    EXPECT_EQ(top["observed"], false);
    EXPECT_THAT(hocket_command("top --once --interval 0.2 " + pid()).text,
                HasSubstr("HOCKET_OBSERVE=1"));
}

TEST_F(HocketCommand, TopShowsPoolsAndTheirDeadWorkers) {
    start("pools");
    const std::string worker = program().read_line();
    ASSERT_EQ(program().read_line(), "ready");
    const json before = hocket_json("top --once --json --interval 0.2 " + pid());
    ASSERT_EQ(before["pools"].size(), 2U) << before;
    const json& threads = before["pools"][0];
    EXPECT_EQ(threads["name"], "crunch");
    EXPECT_EQ(threads["kind"], "threads");
    EXPECT_EQ(threads["workers"], 2);
    EXPECT_EQ(threads["busy"], 2);
    EXPECT_EQ(threads["queued"], 3);
    const json& processes = before["pools"][1];
    EXPECT_EQ(processes["kind"], "processes");
    EXPECT_EQ(processes["workers"], 1);
    EXPECT_EQ(processes["busy"], 1);
    EXPECT_EQ(processes["died"], 0);
    EXPECT_EQ(before["tasks"][0]["waits_for"], "process pool's call");
    ::kill(std::stoi(worker), SIGKILL);
    ASSERT_EQ(program().read_line(), "died");
    const json after = hocket_json("top --once --json --interval 0.2 " + pid());
    EXPECT_EQ(after["pools"][1]["died"], 1) << after;
}

TEST_F(HocketCommand, TreeMarksTheCycleOfADeadlock) {
    start_and_wait("deadlock");
    const std::string text = hocket_command("tree " + pid()).text;
    EXPECT_THAT(text, HasSubstr("flush: Lock held by 'refill'"));
    EXPECT_THAT(text, HasSubstr("refill: Lock held by 'flush'"));
    EXPECT_THAT(text, HasSubstr("CYCLE"));
    for (const json& task : hocket_json("tree --json " + pid())) {
        EXPECT_EQ(task["in_cycle"], task["name"] == "flush" || task["name"] == "refill") << task;
    }
}

TEST_F(HocketCommand, TreeShowsWhoAwaitsWhomAndGroupsTheRest) {
    start_and_wait("gather");
    const std::string text = hocket_command("tree " + pid()).text;
    EXPECT_THAT(text, HasSubstr("30 tasks like Task-"));
    EXPECT_THAT(text, HasSubstr("└── parent: tasks, at observed_program.cpp:")) << text;
    const std::string middle = hocket_command("tree --task middle " + pid()).text;
    EXPECT_THAT(middle, testing::StartsWith("middle: task 'special', at observed_program.cpp:"));
    EXPECT_THAT(middle, HasSubstr("└── special: sleep, at"));
    EXPECT_THAT(text, testing::Not(HasSubstr("CYCLE")));
    const Output none = hocket_command("tree --task nobody " + pid());
    EXPECT_EQ(none.code, 1);
    EXPECT_EQ(none.text, "hocket: there is no task called 'nobody'\n");
}

TEST_F(HocketCommand, PlacesAreLinesOfTheProgramNotOfTheLibrary) {
    start_and_wait("server");
    const json tasks = hocket_json("tree --json " + pid());
    ASSERT_EQ(tasks.size(), 2U) << tasks;
    for (const json& task : tasks) {
        EXPECT_THAT(task["created_at"], testing::StartsWith("observed_program.cpp:"));
        EXPECT_THAT(task["waiting_at"], testing::StartsWith("observed_program.cpp:"));
    }
}

TEST_F(HocketCommand, AHundredThousandTasksAreListedInGroups) {
    start_and_wait("many");
    const json top = hocket_json("top --once --json --interval 0.2 " + pid());
    ASSERT_GE(top["tasks"].size(), 1U) << top;
    EXPECT_EQ(top["tasks"][0]["count"], 100'000);
    EXPECT_EQ(top["tasks"][0]["waits_for"], "sleep");
}

TEST_F(HocketCommand, BlockedTurnsAreReportedWithTheirStackFiveTimesAMinute) {
    const std::string errors = folder() + "/errors";
    start("stall", errors);
    ASSERT_EQ(program().read_line(), "ready");
    std::stringstream text;
    text << std::ifstream(errors).rdbuf();
    const std::string reports = text.str();
    std::size_t count = 0;
    for (std::size_t at = reports.find("has been blocked"); at != std::string::npos;
         at = reports.find("has been blocked", at + 1)) {
        ++count;
    }
    EXPECT_EQ(count, 5U) << reports;
    EXPECT_THAT(reports, HasSubstr("hocket: the event loop 'main loop' has been blocked for 0."));
    EXPECT_THAT(reports, HasSubstr("seconds by <Task 'Task-1' created at "));
    EXPECT_THAT(reports, HasSubstr("nanosleep"));
}

TEST_F(HocketCommand, ReportsGoToWhatIsStderrAtTheTime) {
    const std::string errors = folder() + "/errors";
    ::setenv("ERRORS", (errors + ".later").c_str(), 1);
    start("stall_with_other_errors", errors);
    ASSERT_EQ(program().read_line(), "ready");
    std::stringstream at_first;
    at_first << std::ifstream(errors).rdbuf();
    std::stringstream later;
    later << std::ifstream(errors + ".later").rdbuf();
    EXPECT_THAT(at_first.str(), Not(HasSubstr("has been blocked")));
    EXPECT_THAT(later.str(), HasSubstr("has been blocked for 0."));
}

// Threads that share descriptors make each other's calls slower, and what the observer held would
// stay open when the program closes it.
TEST_F(HocketCommand, TheObserverSharesNoDescriptorsWithTheProgram) {
    if (hocket::detail::thread_sanitized) {
        GTEST_SKIP() << "ThreadSanitizer knows one table of descriptors only";
    }
    start_and_wait("server");
    hocket_command("top --once " + pid());
    const std::string process = "/proc/" + pid();
    const auto files_of = [](const std::string& folder) {
        std::set<std::string> files;
        for (const auto& entry : std::filesystem::directory_iterator(folder + "/fd")) {
            if (std::stoi(entry.path().filename()) <= STDERR_FILENO) {
                continue;
            }
            std::error_code closed_meanwhile;
            files.insert(std::filesystem::read_symlink(entry, closed_meanwhile).string());
        }
        return files;
    };
    const std::set<std::string> of_program = files_of(process);
    std::size_t observers = 0;
    for (const auto& task : std::filesystem::directory_iterator(process + "/task")) {
        std::string name;
        std::getline(std::ifstream(task.path() / "comm"), name);
        if (name != "hocket-observe") {
            continue;
        }
        ++observers;
        const std::set<std::string> own = files_of(task.path());
        EXPECT_FALSE(own.empty());
        for (const std::string& file : own) {
            EXPECT_THAT(file, AnyOf(StartsWith("socket:"), "anon_inode:[pidfd]"));
            EXPECT_FALSE(of_program.contains(file)) << file;
        }
    }
    EXPECT_EQ(observers, 1U);
}

TEST_F(HocketCommand, TheSocketsOfKilledProcessesAreRemovedByTheNextProgram) {
    start_and_wait("deadlock");
    const std::string left = folder() + "/hocket/" + pid() + ".sock";
    program().send_signal(SIGKILL);
    program().wait();
    EXPECT_TRUE(std::filesystem::exists(left));
    start_and_wait("deadlock");
    EXPECT_FALSE(std::filesystem::exists(left));
    EXPECT_TRUE(std::filesystem::exists(folder() + "/hocket/" + pid() + ".sock"));
}

TEST_F(HocketCommand, ChooseRunsThePythonPackageWithTheRestOfTheCommandLine) {
    const std::string package = folder() + "/hocket";
    std::filesystem::create_directory(package);
    std::ofstream(package + "/__init__.py").close();
    std::ofstream(package + "/choose.py")
        << "import sys\nprint(__name__, sys.argv)\nsys.exit(7 if '--json' in sys.argv else 0)\n";
    ::setenv("PYTHONPATH", folder().c_str(), 1);
    const Output plain = hocket_command("choose module:work --items 'a b.txt' --help");
    EXPECT_EQ(plain.text,
              "__main__ ['hocket choose', 'module:work', '--items', 'a b.txt', '--help']\n");
    EXPECT_EQ(plain.code, 0);
    EXPECT_EQ(hocket_command("choose --json").code, 7);
    std::filesystem::remove(package + "/choose.py");
    const Output missing = hocket_command("choose");
    EXPECT_EQ(missing.code, 1);
    EXPECT_THAT(missing.text, HasSubstr("`pip install ./python` installs it"));
    ::unsetenv("PYTHONPATH");
}

TEST_F(HocketCommand, TheSocketIsRemovedWhenTheProgramEnds) {
    start_and_wait("deadlock");
    const std::string path = folder() + "/hocket/" + pid() + ".sock";
    EXPECT_TRUE(std::filesystem::exists(path));
    program().send_signal(SIGINT); // cancels the main task; the program exits
    program().read_all();
    program().wait();
    EXPECT_FALSE(std::filesystem::exists(path));
}

} // namespace
