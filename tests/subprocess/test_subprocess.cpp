#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include <hocket/event_loop.hpp>
#include <hocket/gather.hpp>
#include <hocket/pipe_streams.hpp>
#include <hocket/run.hpp>
#include <hocket/semaphore.hpp>
#include <hocket/sleep.hpp>
#include <hocket/subprocess.hpp>
#include <hocket/task_group.hpp>
#include <hocket/wait.hpp>

#include "support/blocking_polls.hpp"
#include "support/open_descriptors.hpp"
#include "support/signal_storm.hpp"
#include "support/temporary_folder.hpp"
#include "support/turns.hpp"

namespace hocket {
namespace {

using namespace std::chrono_literals;
using subprocess::DEVNULL;
using subprocess::OnCancel;
using subprocess::PIPE;
using subprocess::STDOUT;

/// Checks that everything a test starts is gone at its end: no child, not even a zombie, and no
/// descriptor.
class Subprocess : public ::testing::Test {
protected:
    void SetUp() override { descriptors_ = open_descriptors(); }
    void TearDown() override {
        EXPECT_TRUE(has_no_children());
        EXPECT_EQ(open_descriptors(), descriptors_);
    }

private:
    std::size_t descriptors_ = 0;
};

/// The third field of /proc/PID/stat: R, S, T (stopped), Z (zombie) …; '-' if there is no such
/// process.
char state_of(int pid) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
    std::string line;
    std::getline(file, line);
    const std::size_t end = line.rfind(')');
    return end == std::string::npos ? '-' : line.at(end + 2);
}

Coro<> until_state(int pid, char state) {
    while (state_of(pid) != state) {
        co_await sleep(1ms);
    }
}

/// How awaiting `work` ends: "cancelled", an exception's text, or "done".
template <class T> Coro<std::string> outcome_of(Task<T> work) {
    try {
        static_cast<void>(co_await work);
    } catch (const CancelledError&) {
        co_return "cancelled";
    } catch (const std::exception& error) {
        co_return error.what();
    }
    co_return "done";
}

TEST_F(Subprocess, WaitYieldsTheExitStatus) {
    run([]() -> Coro<> {
        auto process = co_await create_subprocess_exec("sh", "-c", "exit 3");
        EXPECT_GT(process.pid(), 0);
        EXPECT_EQ(process.returncode(), std::nullopt);
        EXPECT_EQ(co_await process.wait(), 3);
        EXPECT_EQ(process.returncode(), 3);
        EXPECT_EQ(co_await process.wait(), 3);
    });
}

TEST_F(Subprocess, ASignalIsANegativeStatus) {
    run([]() -> Coro<> {
        auto process = co_await create_subprocess_shell("kill -9 $$");
        EXPECT_EQ(co_await process.wait(), -SIGKILL);
        auto sleeping = co_await create_subprocess_exec("sleep", "1000");
        sleeping.terminate();
        EXPECT_EQ(co_await sleeping.wait(), -SIGTERM);
        auto killed = co_await create_subprocess_exec("sleep", "1000");
        killed.kill();
        EXPECT_EQ(co_await killed.wait(), -SIGKILL);
        auto hung_up = co_await create_subprocess_exec("sleep", "1000");
        hung_up.send_signal(SIGHUP);
        EXPECT_EQ(co_await hung_up.wait(), -SIGHUP);
    });
}

// As in python3.13, which throws ProcessLookupError.
TEST_F(Subprocess, AProcessThatHasEndedTakesNoSignal) {
    run([]() -> Coro<> {
        auto process = co_await create_subprocess_exec("true");
        co_await process.wait();
        try {
            process.kill();
            ADD_FAILURE();
        } catch (const std::system_error& error) {
            EXPECT_EQ(error.code(), std::errc::no_such_process);
        }
    });
}

TEST_F(Subprocess, CommunicateSendsAndReceives) {
    run([]() -> Coro<> {
        auto process = co_await create_subprocess_exec(
            {.stdin = PIPE, .stdout = PIPE, .stderr = PIPE}, "sh", "-c", "cat; echo bad >&2");
        auto [out, err] = co_await process.communicate("hello");
        EXPECT_EQ(out, "hello");
        EXPECT_EQ(err, "bad\n");
        EXPECT_EQ(process.returncode(), 0);
        EXPECT_TRUE(process.stdin().is_closing());
        // python3.13 returns (b'', b'').
        auto [more_out, more_err] = co_await process.communicate();
        EXPECT_EQ(more_out + more_err, "");
    });
}

TEST_F(Subprocess, StdoutAndStderrMayBeOnePipe) {
    run([]() -> Coro<> {
        auto process = co_await create_subprocess_shell("echo out; echo error >&2",
                                                        {.stdout = PIPE, .stderr = STDOUT});
        auto [out, err] = co_await process.communicate();
        EXPECT_EQ(out, "out\nerror\n");
        EXPECT_EQ(err, "");
    });
}

TEST_F(Subprocess, StreamsTalkWithTheProgram) {
    run([]() -> Coro<> {
        auto process = co_await create_subprocess_exec({.stdin = PIPE, .stdout = PIPE}, "cat");
        process.stdin().write("one\n");
        EXPECT_EQ(co_await process.stdout().readline(), "one\n");
        process.stdin().write("two\n");
        EXPECT_EQ(co_await process.stdout().readline(), "two\n");
        process.stdin().write_eof();
        EXPECT_EQ(co_await process.stdout().readline(), "");
        EXPECT_EQ(co_await process.wait(), 0);
    });
}

TEST_F(Subprocess, AccessToAStreamThatIsNotAPipeIsAnError) {
    run([]() -> Coro<> {
        auto process = co_await create_subprocess_exec({.stdin = DEVNULL}, "cat");
        EXPECT_THROW(static_cast<void>(process.stdin()), RuntimeError);
        EXPECT_THROW(static_cast<void>(process.stdout()), RuntimeError);
        EXPECT_THROW(static_cast<void>(process.stderr()), RuntimeError);
        EXPECT_THROW(static_cast<void>(process.communicate("input")), ValueError);
        EXPECT_EQ(co_await process.wait(), 0);
    });
}

TEST_F(Subprocess, WordsMayBePathsAndRangesOfWords) {
    run([]() -> Coro<> {
        const std::filesystem::path program = "/bin/echo";
        const std::vector<std::string> words{"two words", "three"};
        const std::string_view last = "four";
        auto process =
            co_await create_subprocess_exec({.stdout = PIPE}, program, "one", words, last);
        auto [out, err] = co_await process.communicate();
        EXPECT_EQ(out, "one two words three four\n");
        const std::vector<std::string> command{"true"};
        auto listed = co_await create_subprocess_exec(command);
        EXPECT_EQ(co_await listed.wait(), 0);
    });
}

TEST_F(Subprocess, OutputMayGoToAFile) {
    const TemporaryFolder folder;
    const auto path = folder.path() / "log";
    run([&]() -> Coro<> {
        const FileDescriptor log(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
        auto process = co_await create_subprocess_exec({.stdout = log, .stderr = STDOUT}, "sh",
                                                       "-c", "echo out; echo error >&2");
        EXPECT_EQ(co_await process.wait(), 0);
    });
    EXPECT_EQ(std::filesystem::file_size(path), 10U);
}

TEST_F(Subprocess, EnvironmentAndDirectoryAreItsOwn) {
    run([]() -> Coro<> {
        auto env = subprocess::current_environment();
        env["HOCKET_TEST"] = "forty two";
        auto process = co_await create_subprocess_shell(
            "echo $HOCKET_TEST; pwd", {.stdout = PIPE, .cwd = "/usr", .env = env});
        auto [out, err] = co_await process.communicate();
        EXPECT_EQ(out, "forty two\n/usr\n");
        const std::vector<std::pair<std::string, std::string>> alone{{"ONLY", "this"}};
        auto bare = co_await create_subprocess_exec({.stdout = PIPE, .env = alone}, "/usr/bin/env");
        auto [lines, none] = co_await bare.communicate();
        EXPECT_EQ(lines, "ONLY=this\n");
    });
}

TEST_F(Subprocess, ThePathIsThatOfTheGivenEnvironment) {
    const TemporaryFolder folder;
    std::filesystem::copy_file("/bin/true", folder.path() / "only-here");
    run([&]() -> Coro<> {
        const std::map<std::string, std::string> env{{"PATH", folder.path().string()}};
        auto process = co_await create_subprocess_exec({.env = env}, "only-here");
        EXPECT_EQ(co_await process.wait(), 0);
        auto work = [&]() -> Coro<> {
            static_cast<void>(co_await create_subprocess_exec("only-here"));
        };
        const std::string outcome = co_await outcome_of(create_task(work));
        EXPECT_EQ(outcome, "start only-here: No such file or directory");
    });
}

TEST_F(Subprocess, ErrorsNameTheProgramAndWhatIsMissing) {
    run([]() -> Coro<> {
        const auto start = [](const char* program, const char* cwd) -> Coro<> {
            static_cast<void>(co_await create_subprocess_exec({.cwd = cwd}, program));
        };
        EXPECT_EQ(co_await outcome_of(create_task(start, "no-such-program", "")),
                  "start no-such-program: No such file or directory");
        EXPECT_EQ(co_await outcome_of(create_task(start, "true", "/no/such")),
                  "start true in the directory /no/such: No such file or directory");
        EXPECT_EQ(co_await outcome_of(create_task(start, "/etc/passwd", "")),
                  "start /etc/passwd: Permission denied");
    });
}

TEST_F(Subprocess, OptionsThatMakeNoSenseAreValueErrors) {
    const std::vector<std::string> nothing;
    EXPECT_THROW(static_cast<void>(create_subprocess_exec(nothing)), ValueError);
    EXPECT_THROW(static_cast<void>(create_subprocess_exec(std::string("a\0b", 3))), ValueError);
    EXPECT_THROW(static_cast<void>(create_subprocess_exec({.stdin = STDOUT}, "true")), ValueError);
    EXPECT_THROW(static_cast<void>(create_subprocess_exec({.stdout = STDOUT}, "true")), ValueError);
    EXPECT_THROW(static_cast<void>(create_subprocess_exec({.stdout = -7}, "true")), ValueError);
    EXPECT_THROW(static_cast<void>(create_subprocess_exec({.process_group = -1}, "true")),
                 ValueError);
    EXPECT_THROW(static_cast<void>(create_subprocess_exec({.limit = 0}, "true")), ValueError);
    const std::map<std::string, std::string> wrong{{"A=B", "c"}};
    EXPECT_THROW(static_cast<void>(create_subprocess_exec({.env = wrong}, "true")), ValueError);
    const std::vector<int> none{-1};
    EXPECT_THROW(static_cast<void>(create_subprocess_exec({.pass_fds = none}, "true")), ValueError);
}

TEST_F(Subprocess, NothingIsInherited) {
    run([]() -> Coro<> {
        // Descriptors of streams, of pipes and of the loop, and one that is not close-on-exec.
        auto busy = co_await create_subprocess_exec({.stdin = PIPE, .stdout = PIPE}, "cat");
        const FileDescriptor careless(::fcntl(0, F_DUPFD, 600));
        auto process = co_await create_subprocess_exec(
            {.stdin = PIPE, .stdout = PIPE, .stderr = PIPE}, "ls", "/proc/self/fd");
        auto [out, err] = co_await process.communicate();
        EXPECT_EQ(out, "0\n1\n2\n3\n"); // 3 is the folder that ls reads
        const std::vector<int> passed{careless.fileno()};
        auto given = co_await create_subprocess_exec({.stdout = PIPE, .pass_fds = passed}, "ls",
                                                     "/proc/self/fd");
        auto [listed, none] = co_await given.communicate();
        EXPECT_EQ(listed, "0\n1\n2\n3\n600\n");
    });
}

TEST_F(Subprocess, AProgramThatIgnoresItsInputIsNotAnError) {
    run([]() -> Coro<> {
        auto process = co_await create_subprocess_exec({.stdin = PIPE}, "true");
        auto [out, err] = co_await process.communicate(std::string(10'000'000, 'x'));
        EXPECT_EQ(process.returncode(), 0);
    });
}

TEST_F(Subprocess, OutputThatIsStillInThePipeIsNotLost) {
    run([]() -> Coro<> {
        auto process =
            co_await create_subprocess_shell("head -c 60000 /dev/zero", {.stdout = PIPE});
        EXPECT_EQ(co_await process.wait(), 0);
        const std::string output = co_await process.stdout().read();
        EXPECT_EQ(output.size(), 60'000U);
        EXPECT_TRUE(process.stdout().at_eof());
    });
}

TEST_F(Subprocess, AProgramMayCloseItsStdoutEarly) {
    run([]() -> Coro<> {
        auto process = co_await create_subprocess_exec({.stdin = PIPE, .stdout = PIPE}, "sh", "-c",
                                                       "echo done; exec >&-; read line; exit 5");
        EXPECT_EQ(co_await process.stdout().read(), "done\n");
        EXPECT_EQ(process.returncode(), std::nullopt);
        process.stdin().write("go\n");
        EXPECT_EQ(co_await process.wait(), 5);
    });
}

// As in Python since 3.13.4; 3.13.0 also waits for the pipe.
TEST_F(Subprocess, WaitDoesNotWaitForAGrandchildThatKeepsThePipe) {
    run([]() -> Coro<> {
        auto process = co_await create_subprocess_shell("sleep 1000 & echo $!", {.stdout = PIPE});
        EXPECT_EQ(co_await process.wait(), 0);
        const std::string line = co_await process.stdout().readline();
        Task<std::string> rest = create_task(Coro<std::string>(process.stdout().read()));
        co_await turns(3);
        EXPECT_FALSE(rest.done());
        ::kill(std::stoi(line), SIGKILL);
        EXPECT_EQ(co_await rest, "");
    });
}

TEST_F(Subprocess, AStoppedProgramHasNotEnded) {
    run([]() -> Coro<> {
        auto process = co_await create_subprocess_shell("kill -STOP $$; exit 7");
        Task<int> waiting = create_task(process.wait());
        co_await until_state(process.pid(), 'T');
        EXPECT_FALSE(waiting.done());
        EXPECT_EQ(process.returncode(), std::nullopt);
        process.send_signal(SIGCONT);
        EXPECT_EQ(co_await waiting, 7);
    });
}

TEST_F(Subprocess, SeveralTasksMayWait) {
    run([]() -> Coro<> {
        auto process = co_await create_subprocess_exec({.stdin = PIPE}, "cat");
        Task<int> first = create_task(process.wait());
        Task<int> second = create_task(process.wait());
        co_await turns(2);
        first.cancel();
        process.stdin().close();
        EXPECT_EQ(co_await second, 0);
        EXPECT_TRUE(first.cancelled());
    });
}

TEST_F(Subprocess, TheLastHandleKillsAndTheLoopReaps) {
    run([]() -> Coro<> {
        int pid = 0;
        {
            auto process = co_await create_subprocess_exec("sleep", "1000");
            const auto copy = process;
            pid = copy.pid();
            EXPECT_NE(state_of(pid), '-');
        }
        while (state_of(pid) != '-') { // neither running nor a zombie
            co_await sleep(1ms);
        }
    });
}

TEST_F(Subprocess, ALoopThatClosesKillsAndReaps) {
    std::optional<subprocess::Process> left;
    run([&]() -> Coro<> {
        left = co_await create_subprocess_exec({.stdin = PIPE, .stdout = PIPE}, "cat");
    });
    EXPECT_EQ(left->returncode(), -SIGKILL);
    EXPECT_EQ(state_of(left->pid()), '-');
    EXPECT_TRUE(has_no_children());
    EXPECT_THROW(left->kill(), std::system_error);
    left->stdin().write("nowhere");
}

TEST_F(Subprocess, ACancelledWaitLeavesTheProgramRunning) {
    run([]() -> Coro<> {
        auto process = co_await create_subprocess_exec({.stdin = PIPE, .stdout = PIPE}, "cat");
        Task<int> waiting = create_task(process.wait());
        co_await turns(2);
        waiting.cancel();
        EXPECT_EQ(co_await outcome_of(waiting), "cancelled");
        process.stdin().write("still there\n");
        EXPECT_EQ(co_await process.stdout().readline(), "still there\n");
    });
}

TEST_F(Subprocess, ACancelledWaitCanKill) {
    run([]() -> Coro<> {
        auto process =
            co_await create_subprocess_exec({.on_cancel = OnCancel::kill}, "sleep", "1000");
        Task<int> waiting = create_task(process.wait());
        co_await turns(2);
        waiting.cancel();
        EXPECT_EQ(co_await outcome_of(waiting), "cancelled");
        EXPECT_EQ(process.returncode(), -SIGKILL); // known at once: the cancellation waited for it
        EXPECT_EQ(state_of(process.pid()), '-');
    });
}

TEST_F(Subprocess, ATimeoutEndsTheProgramBeforeItIsThrown) {
    run([]() -> Coro<> {
        auto process = co_await create_subprocess_exec(
            {.stdout = PIPE, .on_cancel = OnCancel::terminate}, "sleep", "1000");
        bool timed_out = false;
        try {
            static_cast<void>(co_await wait_for(process.communicate(), 1ms));
        } catch (const TimeoutError&) {
            timed_out = true;
        }
        EXPECT_TRUE(timed_out);
        EXPECT_EQ(process.returncode(), -SIGTERM);
    });
}

/// Starts a program that ignores SIGTERM, and waits until it does.
Coro<subprocess::Process> start_stubborn(std::chrono::nanoseconds grace) {
    auto process = co_await create_subprocess_exec(
        {.stdout = PIPE, .on_cancel = OnCancel::terminate, .grace = grace}, "sh", "-c",
        "trap '' TERM; echo ready; exec sleep 1000");
    EXPECT_EQ(co_await process.stdout().readline(), "ready\n");
    co_return process;
}

TEST_F(Subprocess, AProgramThatIgnoresSigtermIsKilledAfterTheGrace) {
    run([]() -> Coro<> {
        auto process = co_await start_stubborn(20ms);
        process.terminate();
        Task<int> waiting = create_task(process.wait());
        const auto begin = std::chrono::steady_clock::now();
        co_await turns(2);
        EXPECT_FALSE(waiting.done());
        waiting.cancel();
        EXPECT_EQ(co_await outcome_of(waiting), "cancelled");
        EXPECT_GE(std::chrono::steady_clock::now() - begin, 20ms);
        EXPECT_EQ(process.returncode(), -SIGKILL);
    });
}

TEST_F(Subprocess, ASecondCancellationCutsTheGraceShort) {
    run([]() -> Coro<> {
        auto process = co_await start_stubborn(1h);
        Task<int> waiting = create_task(process.wait());
        co_await turns(2);
        waiting.cancel();
        co_await turns(2);
        EXPECT_FALSE(waiting.done());
        waiting.cancel();
        EXPECT_EQ(co_await outcome_of(waiting), "cancelled");
        EXPECT_EQ(process.returncode(), -SIGKILL);
    });
}

TEST_F(Subprocess, AGroupIsEndedAsAWhole) {
    // Orphans become this process's children, so that it can see their end.
    ASSERT_EQ(::prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
    run([]() -> Coro<> {
        auto process = co_await create_subprocess_shell(
            "sleep 1000 & echo $!; wait",
            {.stdout = PIPE, .process_group = 0, .on_cancel = OnCancel::kill});
        const int grandchild = std::stoi(co_await process.stdout().readline());
        Task<int> waiting = create_task(process.wait());
        co_await turns(2);
        waiting.cancel();
        EXPECT_EQ(co_await outcome_of(waiting), "cancelled");
        int status = 0;
        EXPECT_EQ(::waitpid(grandchild, &status, 0), grandchild);
        EXPECT_EQ(WTERMSIG(status), SIGKILL);
    });
    ::prctl(PR_SET_CHILD_SUBREAPER, 0);
}

TEST_F(Subprocess, CommunicateHasALimit) {
    run([]() -> Coro<> {
        auto process = co_await create_subprocess_exec({.stdout = PIPE}, "cat", "/dev/zero");
        Task<std::pair<std::string, std::string>> talk =
            create_task(process.communicate("", 1'000'000));
        EXPECT_EQ(co_await outcome_of(talk), "process " + std::to_string(process.pid()) +
                                                 " has written more than 1000000 bytes and was "
                                                 "killed");
        EXPECT_EQ(co_await process.wait(), -SIGKILL);
        auto small = co_await create_subprocess_exec({.stdout = PIPE}, "echo", "123");
        auto [out, err] = co_await small.communicate("", 4);
        EXPECT_EQ(out, "123\n");
    });
}

TEST_F(Subprocess, AHundredMebibytesGoThroughCatWithBackPressure) {
    run([]() -> Coro<> {
        constexpr std::size_t part_size = 65536;
        constexpr std::size_t parts = 1600;
        auto process = co_await create_subprocess_exec({.stdin = PIPE, .stdout = PIPE}, "cat");
        std::size_t written = 0;
        std::size_t received = 0;
        std::size_t most_between = 0;
        const auto write = [&]() -> Coro<> {
            StreamWriter& stdin = process.stdin();
            for (std::size_t i = 0; i < parts; ++i) {
                stdin.write(std::string(part_size, static_cast<char>(i)));
                written += part_size;
                most_between = std::max(most_between, written - received);
                co_await stdin.drain();
            }
            stdin.close();
        };
        Task<> writing = create_task(write);
        std::size_t wrong = 0;
        for (;;) {
            const std::string part = co_await process.stdout().read(part_size);
            if (part.empty()) {
                break;
            }
            for (const char byte : part) {
                wrong += byte != static_cast<char>(received++ / part_size) ? 1U : 0U;
            }
        }
        co_await writing;
        EXPECT_EQ(received, parts * part_size);
        EXPECT_EQ(wrong, 0U);
        // Two pipes, the writer's queue, the reader's buffer and the data that cat holds.
        EXPECT_LT(most_between, std::size_t{2} * 1024 * 1024);
        EXPECT_EQ(co_await process.wait(), 0);
    });
}

TEST_F(Subprocess, CommunicateMovesWhatNoPipeHoldsBothWays) {
    run([]() -> Coro<> {
        auto process = co_await create_subprocess_exec(
            {.stdin = PIPE, .stdout = PIPE, .stderr = PIPE}, "sh", "-c", "tee /dev/stderr");
        const std::string input(5'000'000, 'i');
        auto [out, err] = co_await process.communicate(input);
        EXPECT_EQ(out, input);
        EXPECT_EQ(err, input);
    });
}

TEST_F(Subprocess, AThousandStartAndAreReaped) {
    run([]() -> Coro<> {
        Semaphore at_once(50);
        int sum = 0;
        const auto start = [&](int number) -> Coro<> {
            auto permit = co_await at_once.scoped();
            auto process = co_await create_subprocess_exec({.stdout = PIPE}, "sh", "-c", "echo $0",
                                                           std::to_string(number));
            auto [out, err] = co_await process.communicate();
            EXPECT_EQ(out, std::to_string(number) + "\n");
            sum += *process.returncode() == 0 ? 1 : 0;
        };
        co_await with_task_group([&](TaskGroup& group) -> Coro<> {
            for (int i = 0; i < 1000; ++i) {
                group.create_task(start, i);
            }
            co_return;
        });
        EXPECT_EQ(sum, 1000);
        EXPECT_TRUE(has_no_children());
    });
}

TEST_F(Subprocess, SignalsDoNotDisturbIt) {
    const SignalStorm storm;
    run([]() -> Coro<> {
        for (int i = 0; i < 20; ++i) {
            auto process = co_await create_subprocess_exec({.stdin = PIPE, .stdout = PIPE}, "cat");
            auto [out, err] = co_await process.communicate("calm");
            EXPECT_EQ(out, "calm");
        }
    });
}

TEST_F(Subprocess, LoopsInThreadsHaveTheirOwn) {
    const auto work = [] {
        run([]() -> Coro<> {
            for (int i = 0; i < 10; ++i) {
                auto process =
                    co_await create_subprocess_exec({.stdin = PIPE, .stdout = PIPE}, "cat");
                auto [out, err] = co_await process.communicate("mine");
                EXPECT_EQ(out, "mine");
            }
        });
    };
    std::thread one(work);
    std::thread other(work);
    one.join();
    other.join();
}

// -- cancellation at every step
// --------------------------------------------------------------------

/// Starts cat, communicates with it and waits for it.
Coro<> run_cat(OnCancel on_cancel, bool& was_killed_late) {
    auto process = co_await create_subprocess_exec(
        {.stdin = PIPE, .stdout = PIPE, .stderr = PIPE, .on_cancel = on_cancel}, "cat");
    try {
        auto [out, err] = co_await process.communicate(std::string(200'000, 'c'));
        EXPECT_EQ(out.size(), 200'000U);
        EXPECT_EQ(co_await process.wait(), 0);
    } catch (const CancelledError&) {
        was_killed_late = on_cancel != OnCancel::leave && !process.returncode();
        throw;
    }
}

/// Cancels at the loop's wait number 0, 1, 2 … until a run completes before that wait.
void cancel_at_every_wait(OnCancel on_cancel) {
    int steps = 0;
    for (bool completed = false; !completed; ++steps) {
        ASSERT_LT(steps, 1000);
        const std::size_t before = open_descriptors();
        run([&]() -> Coro<> {
            bool was_killed_late = false;
            Task<> running = create_task(run_cat, on_cancel, std::ref(was_killed_late));
            {
                const AtBlockingPoll canceller(get_running_loop(), steps,
                                               [&] { running.cancel(); });
                const std::string outcome = co_await outcome_of(running);
                completed = outcome == "done";
                EXPECT_TRUE(completed || outcome == "cancelled") << outcome;
            }
            EXPECT_FALSE(was_killed_late) << "at step " << steps;
        });
        EXPECT_TRUE(has_no_children()) << "at step " << steps;
        EXPECT_EQ(open_descriptors(), before) << "at step " << steps;
    }
    EXPECT_GT(steps, 2); // there was at least one wait at which to cancel
}

TEST_F(Subprocess, CanBeCancelledAtEveryWait) { cancel_at_every_wait(OnCancel::leave); }
TEST_F(Subprocess, CanBeCancelledAndKilledAtEveryWait) { cancel_at_every_wait(OnCancel::kill); }
TEST_F(Subprocess, CanBeCancelledAndTerminatedAtEveryWait) {
    cancel_at_every_wait(OnCancel::terminate);
}

TEST_F(Subprocess, CanBeCancelledInEachOfItsFirstTurns) {
    for (int step = 0; step < 20; ++step) {
        run([&]() -> Coro<> {
            bool was_killed_late = false;
            Task<> running = create_task(run_cat, OnCancel::kill, std::ref(was_killed_late));
            co_await turns(step);
            running.cancel();
            const std::string outcome = co_await outcome_of(running);
            EXPECT_TRUE(outcome == "done" || outcome == "cancelled") << outcome;
            EXPECT_FALSE(was_killed_late) << "at step " << step;
        });
        EXPECT_TRUE(has_no_children()) << "at step " << step;
    }
}

TEST_F(Subprocess, AnEndInTheTurnOfACancellationIsReapedAndKnown) {
    for (const bool cancelled_first : {true, false}) {
        run([&]() -> Coro<> {
            auto process = co_await create_subprocess_exec({.stdin = PIPE}, "cat");
            Task<int> waiting = create_task(process.wait());
            co_await turns(2);
            process.terminate();
            siginfo_t ended{}; // blocks, so the loop runs no turn between the signal and the end
            EXPECT_EQ(::waitid(P_PID, static_cast<id_t>(process.pid()), &ended, WEXITED | WNOWAIT),
                      0);
            if (cancelled_first) {
                waiting.cancel();
            }
            while (!process.returncode()) {
                co_await sleep(0s);
            }
            waiting.cancel();
            co_await outcome_of(waiting);
            EXPECT_EQ(process.returncode(), -SIGTERM);
        });
        EXPECT_TRUE(has_no_children());
    }
}

// -- out of descriptors
// ----------------------------------------------------------------------------

TEST_F(Subprocess, RunsOutOfDescriptorsAtEachOfThemAndLeavesNothing) {
    run([]() -> Coro<> {
        rlimit before{};
        ::getrlimit(RLIMIT_NOFILE, &before);
        const std::size_t open_before = open_descriptors();
        int failures = 0;
        for (rlim_t most = 0; most < 100; ++most) {
            rlimit limit = before;
            limit.rlim_cur = most;
            ::setrlimit(RLIMIT_NOFILE, &limit);
            std::string outcome = "done";
            try {
                auto process = co_await create_subprocess_exec(
                    {.stdin = PIPE, .stdout = PIPE, .stderr = DEVNULL}, "cat");
                ::setrlimit(RLIMIT_NOFILE, &before);
                auto [out, err] = co_await process.communicate("enough");
                EXPECT_EQ(out, "enough");
            } catch (const std::system_error& error) {
                EXPECT_EQ(error.code(), std::errc::too_many_files_open) << error.what();
                outcome = "failed";
            }
            ::setrlimit(RLIMIT_NOFILE, &before);
            EXPECT_EQ(open_descriptors(), open_before);
            EXPECT_TRUE(has_no_children());
            if (outcome == "done") {
                EXPECT_GE(failures, 6); // two pipes, the null device, the pidfd
                co_return;
            }
            ++failures;
        }
        ADD_FAILURE() << "a hundred descriptors must be enough";
    });
}

} // namespace
} // namespace hocket
