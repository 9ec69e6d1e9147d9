#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iomanip>
#include <iterator>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "crawl/running_program.hpp"

using crawl_tests::RunningProgram;
using nlohmann::json;
using testing::HasSubstr;

namespace {

struct Output {
    int code = 0;
    std::string text; ///< of stdout and stderr
};

Output shell(const std::string& command) {
    Output output;
    FILE* const pipe = ::popen((command + " 2>&1").c_str(), "r");
    std::array<char, 4096> bytes{};
    while (const std::size_t count = std::fread(bytes.data(), 1, bytes.size(), pipe)) {
        output.text.append(bytes.data(), count);
    }
    const int status = ::pclose(pipe);
    output.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return output;
}

Output hocket_command(const std::string& arguments) {
    return shell(std::string(HOCKET_COMMAND) + ' ' + arguments);
}

json hocket_json(const std::string& arguments) {
    const Output output = hocket_command(arguments);
    EXPECT_EQ(output.code, 0) << output.text;
    json parsed = json::parse(output.text, nullptr, false);
    EXPECT_FALSE(parsed.is_discarded()) << output.text;
    return parsed;
}

/// A program with an observer, whose sockets are in a folder of the test's own.
class HocketCommand : public testing::Test {
protected:
    HocketCommand() {
        std::string folder = testing::TempDir() + "hocket-observed.XXXXXX";
        folder_ = ::mkdtemp(folder.data());
        ::setenv("XDG_RUNTIME_DIR", folder_.c_str(), 1);
        ::setenv("HOCKET_OBSERVE", "1", 1);
    }
    ~HocketCommand() override {
        program_.reset();
        std::filesystem::remove_all(folder_);
    }

    void start(const std::string& mode, const std::string& errors = "/dev/null") {
        ::unsetenv("LSAN_OPTIONS");
        start_program(OBSERVED_PROGRAM " " + mode, errors);
    }
    void start_program(const std::string& command, const std::string& errors) {
        program_ = std::make_unique<RunningProgram>(
            std::vector<std::string>{"/bin/sh", "-c", "exec " + command + " 2>" + errors});
    }
    void start_and_wait(const std::string& mode) {
        start(mode);
        ASSERT_EQ(program_->read_line(), "ready");
    }
    [[nodiscard]] std::string pid() const { return std::to_string(program_->pid()); }
    [[nodiscard]] RunningProgram& program() { return *program_; }
    [[nodiscard]] const std::string& folder() const { return folder_; }

private:
    std::string folder_;
    std::unique_ptr<RunningProgram> program_;
};

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

TEST_F(HocketCommand, MetricsAreValidOpenMetrics) {
    start_and_wait("deadlock");
    const std::string check =
        "/usr/bin/python3 -c 'import sys; from prometheus_client.openmetrics.parser import "
        "text_string_to_metric_families as parse; families = {f.name: f for f in "
        "parse(sys.stdin.read())}; print(int(families[\"hocket_loop_tasks\"].samples[0].value), "
        "families[\"hocket_loop_lag_seconds\"].type)'";
    const Output output = shell(HOCKET_COMMAND " metrics " + pid() + " | " + check);
    EXPECT_EQ(output.code, 0) << output.text;
    EXPECT_EQ(output.text, "3 histogram\n");
}

/// A port of 127.0.0.1 that nothing listens on.
std::string free_port() {
    const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(fd, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size), 0);
    ::close(fd);
    return std::to_string(ntohs(address.sin_port));
}

TEST_F(HocketCommand, MetricsAreServedOnThePortThatTheProgramChooses) {
    const std::string port = free_port();
    ::setenv("PORT", port.c_str(), 1);
    ::unsetenv("HOCKET_OBSERVE");
    start_and_wait("metrics");
    const std::string address = "http://127.0.0.1:" + port;
    const Output metrics = shell("curl -sS -i " + address + "/metrics");
    EXPECT_THAT(metrics.text, HasSubstr("HTTP/1.1 200 OK"));
    EXPECT_THAT(metrics.text, HasSubstr("application/openmetrics-text; version=1.0.0"));
    EXPECT_THAT(metrics.text, HasSubstr("hocket_loop_tasks{loop=\"0\",name=\"main loop\"} 1"));
    EXPECT_THAT(metrics.text, testing::EndsWith("# EOF\n"));
    EXPECT_THAT(shell("curl -sS -i " + address + "/other").text, HasSubstr("404 Not Found"));
}

/// The inode of the socket that listens on a port.
std::string listening_inode(const std::string& port) {
    std::stringstream hexadecimal;
    hexadecimal << ':' << std::uppercase << std::hex << std::setw(4) << std::setfill('0')
                << std::stoi(port) << ' ';
    std::ifstream table("/proc/net/tcp");
    for (std::string line; std::getline(table, line);) {
        std::istringstream fields(line);
        std::vector<std::string> field{std::istream_iterator<std::string>(fields), {}};
        if (field.size() > 9 && field[3] == "0A" && (field[1] + ' ').ends_with(hexadecimal.str())) {
            return field[9];
        }
    }
    return "";
}

bool has_open(const std::string& process, const std::string& socket_inode) {
    for (const auto& entry : std::filesystem::directory_iterator("/proc/" + process + "/fd")) {
        std::error_code closed;
        if (std::filesystem::read_symlink(entry.path(), closed) ==
            "socket:[" + socket_inode + ']') {
            return true;
        }
    }
    return false;
}

class HocketCommandByStartMethod : public HocketCommand,
                                   public testing::WithParamInterface<std::string> {};

TEST_P(HocketCommandByStartMethod, AWorkerIsObservedLikeItsOwnerButHasNoMetricsPort) {
    const std::string port = free_port();
    ::setenv("PORT", port.c_str(), 1);
    ::setenv("METHOD", GetParam().c_str(), 1);
    ::unsetenv("HOCKET_OBSERVE");
    start("worker");
    const std::string worker = program().read_line();
    ASSERT_EQ(program().read_line(), "ready");
    const json programs = hocket_json("ps --json");
    const auto row = std::find_if(programs.begin(), programs.end(), [&](const json& program) {
        return program["pid"] == std::stoi(worker);
    });
    ASSERT_NE(row, programs.end()) << programs;
    EXPECT_EQ((*row)["observed"], true);
    EXPECT_EQ((*row)["loops"], 0);
    const std::string stacks = hocket_command("stacks " + worker).text;
    EXPECT_THAT(stacks, testing::StartsWith("worker process\n"));
    EXPECT_THAT(stacks, HasSubstr("nanosleep"));
    const json stack = hocket_json("stacks --json " + worker);
    ASSERT_EQ(stack.size(), 1U) << stack;
    EXPECT_EQ(stack[0]["loop"], nullptr);
    const std::string listener = listening_inode(port);
    EXPECT_TRUE(has_open(pid(), listener));
    EXPECT_FALSE(has_open(worker, listener));
}

INSTANTIATE_TEST_SUITE_P(StartMethods, HocketCommandByStartMethod,
                         testing::Values("spawn", "forkserver", "fork"),
                         [](const auto& info) { return info.param; });

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
