#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "engine/spawn.hpp"
#include "support/open_descriptors.hpp"
#include "support/other_process.hpp"
#include "support/signal_storm.hpp"
#include "support/temporary_folder.hpp"

namespace hocket::engine {
namespace {

SpawnPlan shell(const std::string& command) {
    SpawnPlan plan;
    plan.files = {"/bin/sh"};
    plan.arguments = {"sh", "-c", command};
    return plan;
}

int reap(const Spawned& spawned) {
    int status = 0;
    while (::waitpid(spawned.pid, &status, 0) < 0 && errno == EINTR) {
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

/// The text that `plan` writes to stdout.
std::string output_of(SpawnPlan plan) {
    auto [read_end, write_end] = FileDescriptor::pipe();
    plan.standard[1] = write_end.fileno();
    const Spawned spawned = spawn(plan);
    EXPECT_FALSE(spawned.failure) << spawned.failure->message();
    write_end.close();
    std::string output;
    std::array<char, 4096> part{};
    ssize_t count = 0;
    while ((count = ::read(read_end.fileno(), part.data(), part.size())) != 0) {
        if (count > 0) {
            output.append(part.data(), static_cast<std::size_t>(count));
        }
    }
    EXPECT_EQ(reap(spawned), 0);
    return output;
}

std::string failure_of(const SpawnPlan& plan) {
    const std::size_t before = open_descriptors();
    std::string message = "started";
    {
        const Spawned spawned = spawn(plan);
        if (spawned.failure) {
            message = spawned.failure->message();
        } else {
            reap(spawned);
        }
    }
    EXPECT_EQ(open_descriptors(), before);
    EXPECT_TRUE(has_no_children());
    return message;
}

std::string write_script(const std::filesystem::path& path, const char* text) {
    std::ofstream(path) << text;
    std::filesystem::permissions(path, std::filesystem::perms::owner_all);
    return path;
}

TEST(Spawn, StartsAProgramThatItsParentReaps) {
    const Spawned spawned = spawn(shell("exit 7"));
    ASSERT_FALSE(spawned.failure);
    EXPECT_GT(spawned.pid, 0);
    EXPECT_TRUE(spawned.pidfd.is_open());
    EXPECT_NE(::fcntl(spawned.pidfd.fileno(), F_GETFD) & FD_CLOEXEC, 0);
    EXPECT_EQ(reap(spawned), 7);
}

TEST(Spawn, TellsAMissingProgramFromAMissingDirectory) {
    SpawnPlan plan = shell("true");
    plan.directory = "/no/such/directory";
    EXPECT_EQ(failure_of(plan), "start sh in the directory /no/such/directory: No such file or "
                                "directory");
    plan = shell("true");
    plan.files = {"/no/such/program", "/nor/such"};
    plan.arguments = {"such"};
    EXPECT_EQ(failure_of(plan), "start such: No such file or directory");
    plan.directory = "/etc/passwd";
    EXPECT_EQ(failure_of(plan), "start such in the directory /etc/passwd: Not a directory");
}

TEST(Spawn, SaysThatAnInterpreterIsMissing) {
    const TemporaryFolder folder;
    SpawnPlan plan;
    plan.files = {write_script(folder.path() / "script", "#!/no/such/interpreter\n")};
    plan.arguments = {"script"};
    EXPECT_EQ(failure_of(plan),
              "start script, whose interpreter is missing: No such file or directory");
}

TEST(Spawn, AFileThatCannotBeExecutedSaysMoreThanOneThatIsMissing) {
    SpawnPlan plan;
    plan.files = {"/no/such/program", "/etc/passwd", "/nor/such"};
    plan.arguments = {"program"};
    EXPECT_EQ(failure_of(plan), "start program: Permission denied");
    const TemporaryFolder folder;
    plan.files = {write_script(folder.path() / "garbage", "\x7f garbage")};
    EXPECT_EQ(failure_of(plan), "start program: Exec format error");
}

TEST(Spawn, AProgramThatIsBeingWrittenIsBusy) {
    const TemporaryFolder folder;
    const auto path = folder.path() / "program";
    std::filesystem::copy_file("/bin/true", path);
    const FileDescriptor writing(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
    SpawnPlan plan;
    plan.files = {path};
    plan.arguments = {"program"};
    EXPECT_EQ(failure_of(plan), "start program: Text file busy");
}

TEST(Spawn, TriesTheFilesInTurn) {
    SpawnPlan plan = shell("echo found");
    plan.files = {"/no/such", "/etc/passwd/sh", "/bin/sh"};
    EXPECT_EQ(output_of(plan), "found\n");
}

TEST(Spawn, NothingIsInheritedThatIsNotPassed) {
    // None of these is close-on-exec, as if a careless library had opened them.
    std::array<int, 2> careless{};
    ASSERT_EQ(::pipe(careless.data()), 0);
    const int far = ::fcntl(careless[0], F_DUPFD, 500);
    ASSERT_GE(far, 500);
    SpawnPlan plan;
    plan.files = {"/bin/ls"};
    plan.arguments = {"ls", "/proc/self/fd"};
    EXPECT_EQ(output_of(plan), "0\n1\n2\n3\n"); // 3 is the folder that ls reads
    plan.passed = {far, careless[1], far};
    std::istringstream listed(output_of(plan));
    std::vector<int> numbers{std::istream_iterator<int>(listed), {}};
    std::sort(numbers.begin(), numbers.end());
    std::vector<int> expected{0, 1, 2, 3, careless[1], far};
    if (careless[1] == 3) { // then ls uses the next number
        expected[3] = 4;
    }
    std::sort(expected.begin(), expected.end());
    EXPECT_EQ(numbers, expected);
    ::close(far);
    ::close(careless[0]);
    ::close(careless[1]);
}

TEST(Spawn, PassesDescriptorsThatAreCloseOnExec) {
    auto [read_end, write_end] = FileDescriptor::pipe();
    SpawnPlan plan = shell("echo passed >&" + std::to_string(write_end.fileno()));
    plan.passed = {write_end.fileno()};
    const Spawned spawned = spawn(plan);
    ASSERT_FALSE(spawned.failure);
    EXPECT_EQ(reap(spawned), 0);
    std::array<char, 16> text{};
    EXPECT_EQ(::read(read_end.fileno(), text.data(), text.size()), 7);
    EXPECT_NE(::fcntl(write_end.fileno(), F_GETFD) & FD_CLOEXEC, 0)
        << "only the child's flag is changed";
}

TEST(Spawn, TheErrorNamesADescriptorThatIsNotOpen) {
    SpawnPlan plan = shell("true");
    plan.passed = {999};
    EXPECT_EQ(failure_of(plan), "start sh with descriptor 999: Bad file descriptor");
    plan = shell("true");
    plan.standard[2] = 998;
    EXPECT_EQ(failure_of(plan), "start sh with descriptor 998 as stderr: Bad file descriptor");
}

TEST(Spawn, StdoutAndStderrCanBeExchanged) {
    auto [out_read, out_write] = FileDescriptor::pipe();
    auto [err_read, err_write] = FileDescriptor::pipe();
    const FileDescriptor out_before = FileDescriptor::duplicate(1);
    const FileDescriptor err_before = FileDescriptor::duplicate(2);
    ::dup2(out_write.fileno(), 1);
    ::dup2(err_write.fileno(), 2);
    SpawnPlan plan = shell("echo out; echo error >&2");
    plan.standard = {-1, 2, 1};
    const Spawned spawned = spawn(plan);
    ::dup2(out_before.fileno(), 1);
    ::dup2(err_before.fileno(), 2);
    ASSERT_FALSE(spawned.failure);
    reap(spawned);
    std::array<char, 16> text{};
    EXPECT_EQ(::read(out_read.fileno(), text.data(), text.size()), 6);
    EXPECT_EQ(std::string(text.data(), 6), "error\n");
    EXPECT_EQ(::read(err_read.fileno(), text.data(), text.size()), 4);
    EXPECT_EQ(std::string(text.data(), 4), "out\n");
}

TEST(Spawn, WorksWhereStdinStdoutAndStderrAreClosed) {
    other_process::OtherProcess other([](other_process::Channel& channel) {
        ::close(0);
        ::close(1);
        ::close(2);
        auto [read_end, write_end] = FileDescriptor::pipe(); // they get the numbers 0 and 1
        SpawnPlan plan = shell("echo hello; echo error >&2");
        plan.standard = {-1, write_end.fileno(), write_end.fileno()};
        const Spawned spawned = spawn(plan);
        write_end.close();
        std::string output(100, '\0');
        std::size_t size = 0;
        ssize_t count = 0;
        while ((count = ::read(read_end.fileno(), output.data() + size, 50)) > 0) {
            size += static_cast<std::size_t>(count);
        }
        output.resize(size);
        reap(spawned);
        channel.send(output);
    });
    EXPECT_EQ(other.receive<std::string>(), "hello\nerror\n");
    EXPECT_EQ(other.join(), 0);
}

TEST(Spawn, RunsInTheDirectoryWithTheEnvironment) {
    SpawnPlan plan = shell("pwd; echo $NAME; env | wc -l");
    plan.directory = "/usr";
    plan.environment = {"NAME=value"};
    const std::string output = output_of(plan);
    EXPECT_TRUE(output.starts_with("/usr\nvalue\n")) << output;
}

TEST(Spawn, SignalsHaveTheirDefaultEffectAgain) {
    struct sigaction before {};
    ::sigaction(SIGPIPE, nullptr, &before);
    ::signal(SIGPIPE, SIG_IGN);
    ::signal(SIGUSR1, SIG_IGN);
    ::signal(SIGUSR2, [](int) {});
    SpawnPlan plan = shell("grep SigIgn /proc/self/status");
    const auto ignored = [](const std::string& line) {
        return std::stoull(line.substr(line.find('\t')), nullptr, 16);
    };
    const auto bit = [](int signal) { return 1ULL << (signal - 1); };
    EXPECT_EQ(ignored(output_of(plan)) & (bit(SIGPIPE) | bit(SIGUSR1) | bit(SIGUSR2)),
              bit(SIGUSR1));
    plan.restore_signals = false;
    EXPECT_EQ(ignored(output_of(plan)) & (bit(SIGPIPE) | bit(SIGUSR1)),
              bit(SIGPIPE) | bit(SIGUSR1));
    ::signal(SIGUSR1, SIG_DFL);
    ::signal(SIGUSR2, SIG_DFL);
    ::sigaction(SIGPIPE, &before, nullptr);
}

TEST(Spawn, TheSignalMaskIsTheThreads) {
    sigset_t blocked;
    sigset_t before;
    sigset_t after;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGUSR1);
    ::pthread_sigmask(SIG_BLOCK, &blocked, &before);
    SpawnPlan plan;
    plan.files = {"/bin/grep"}; // a shell would unblock all signals
    plan.arguments = {"grep", "SigBlk", "/proc/self/status"};
    const std::string line = output_of(plan);
    ::pthread_sigmask(SIG_SETMASK, &before, &after);
    EXPECT_EQ(std::stoull(line.substr(line.find('\t')), nullptr, 16), 1ULL << (SIGUSR1 - 1));
    EXPECT_EQ(sigismember(&after, SIGUSR1), 1);
    EXPECT_EQ(sigismember(&after, SIGUSR2), 0);
}

TEST(Spawn, SessionsGroupsAndUmaskAreTheProgramsOwn) {
    // /proc/PID/stat: pid (name) state parent group session …
    const std::string show = "read -r pid name state parent group session rest </proc/self/stat; "
                             "[ $pid = $group ] && echo leads group; "
                             "[ $pid = $session ] && echo leads session; umask";
    SpawnPlan plan = shell(show);
    plan.umask = 0027;
    plan.process_group = 0;
    EXPECT_EQ(output_of(plan), "leads group\n0027\n");
    plan = shell(show);
    plan.umask = 0007;
    plan.new_session = true;
    EXPECT_EQ(output_of(plan), "leads group\nleads session\n0007\n");
    plan = shell(show);
    plan.process_group = 1;
    EXPECT_EQ(failure_of(plan), "start sh in process group 1: Operation not permitted");
}

TEST(Spawn, RunsAsAnotherUserWhereThatIsAllowed) {
    SpawnPlan plan = shell("id -u; id -g; id -G");
    plan.user = 12345;
    plan.group = 23456;
    plan.groups.emplace({34567U});
    if (::geteuid() == 0) {
        EXPECT_EQ(output_of(plan), "12345\n23456\n23456 34567\n");
        plan.groups->clear();
        EXPECT_EQ(output_of(plan), "12345\n23456\n23456\n");
    } else {
        EXPECT_EQ(failure_of(plan), "start sh with other groups: Operation not permitted");
        plan.groups.reset();
        EXPECT_EQ(failure_of(plan), "start sh as group 23456: Operation not permitted");
    }
}

TEST(Spawn, OutOfDescriptorsItLeavesNothing) {
    const other_process::NoMoreDescriptors none;
    const Spawned spawned = spawn(shell("true"));
    ASSERT_TRUE(spawned.failure);
    EXPECT_EQ(spawned.failure->code, std::errc::too_many_files_open);
    EXPECT_TRUE(has_no_children());
}

TEST(Spawn, IsNotDisturbedBySignals) {
    const SignalStorm storm;
    for (int i = 0; i < 50; ++i) {
        EXPECT_EQ(output_of(shell("echo calm")), "calm\n");
    }
}

TEST(Spawn, ClosesDescriptorsWhereCloseRangeIsForbidden) {
    other_process::OtherProcess other([](other_process::Channel& channel) {
        const std::array<sock_filter, 4> program{{
            BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
            BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 436 /* close_range */, 0, 1),
            BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
            BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        }};
        const sock_fprog filter{program.size(), const_cast<sock_filter*>(program.data())};
        ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
        if (::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) != 0) {
            throw std::system_error(errno, std::system_category(), "seccomp");
        }
        ::fcntl(0, F_DUPFD, 400);
        const int passed = ::fcntl(0, F_DUPFD, 300);
        SpawnPlan plan;
        plan.files = {"/bin/ls"};
        plan.arguments = {"ls", "/proc/self/fd"};
        plan.passed = {passed};
        channel.send(output_of(plan));
    });
    EXPECT_EQ(other.receive<std::string>(), "0\n1\n2\n3\n300\n");
    EXPECT_EQ(other.join(), 0);
}

TEST(ExecutableFiles, AreOneInEachFolderOfThePath) {
    EXPECT_EQ(executable_files("ls", "/bin:/usr/bin/"),
              (std::vector<std::string>{"/bin/ls", "/usr/bin/ls"}));
    EXPECT_EQ(executable_files("ls", ":/bin"), (std::vector<std::string>{"ls", "/bin/ls"}));
    EXPECT_EQ(executable_files("./ls", "/bin"), (std::vector<std::string>{"./ls"}));
}

} // namespace
} // namespace hocket::engine
