#include <hocket/process.hpp>
#include <hocket/process_event.hpp>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <poll.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <hocket/errors.hpp>
#include <hocket/event_loop.hpp>
#include <hocket/gather.hpp>
#include <hocket/run.hpp>
#include <hocket/sleep.hpp>

#include "support/open_descriptors.hpp"
#include "support/start_methods.hpp"

using namespace hocket;
using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::StartsWith;

namespace {

void sleep_forever() {
    for (;;) {
        ::pause();
    }
}

void exit_with(int code) { std::exit(code); }

/// A pipe that the child opens by its path in /proc.
class Fifo {
public:
    Fifo() { EXPECT_EQ(::pipe(ends_), 0); }
    ~Fifo() {
        ::close(ends_[0]);
        ::close(ends_[1]);
    }
    [[nodiscard]] std::string path() const {
        return "/proc/" + std::to_string(::getpid()) + "/fd/" + std::to_string(ends_[1]);
    }
    [[nodiscard]] std::string read() const {
        char text[256];
        const ssize_t size = ::read(ends_[0], text, sizeof text);
        return {text, static_cast<std::size_t>(size)};
    }

private:
    int ends_[2];
};

void write_to(const std::string& path, const std::string& text) {
    std::FILE* const file = std::fopen(path.c_str(), "w");
    std::fputs(text.c_str(), file);
    std::fclose(file);
}

int run_to_the_end(Process& process) {
    process.start();
    process.join();
    return process.exitcode().value();
}

template <class F, class... Args>
std::pair<int, std::string> errors_of(StartMethod method, F f, const Args&... args) {
    Process process({.name = "Worm", .start_method = method}, f, args...);
    testing::internal::CaptureStderr();
    const int code = run_to_the_end(process);
    return {code, testing::internal::GetCapturedStderr()};
}

struct NotCrossing {
    explicit NotCrossing(int) {}
};

class ProcessByEachMethod : public EachStartMethodInOneThread {};
INSTANTIATE_FOR_EACH_START_METHOD(ProcessByEachMethod);

} // namespace

TEST_P(ProcessByEachMethod, CallsAFunctionWithItsArgumentsInAnotherProcess) {
    const Fifo pipe;
    Process process({.start_method = GetParam()}, write_to, pipe.path(), "words");
    EXPECT_EQ(run_to_the_end(process), 0);
    EXPECT_EQ(pipe.read(), "words");
}

TEST_P(ProcessByEachMethod, CallsALambdaWithoutCaptures) {
    const Fifo pipe;
    Process process(
        {.start_method = GetParam()},
        [](const std::string& path) { write_to(path, std::to_string(::getpid())); }, pipe.path());
    process.start();
    EXPECT_EQ(pipe.read(), std::to_string(process.pid().value()));
    process.join();
}

TEST_P(ProcessByEachMethod, CallsAFunctionOfASharedLibrary) {
    Process process({.start_method = GetParam()}, ::_exit, 9);
    EXPECT_EQ(run_to_the_end(process), 9);
}

TEST_P(ProcessByEachMethod, CarriesLargeArguments) {
    const std::vector<int> numbers(5'000'000, 3);
    Process process(
        {.start_method = GetParam()},
        [](const std::vector<int>& given) {
            std::exit(given == std::vector<int>(5'000'000, 3) ? 7 : 8);
        },
        numbers);
    EXPECT_EQ(run_to_the_end(process), 7);
}

TEST_P(ProcessByEachMethod, DropsAResultThatNeedNotCross) {
    Process process({.start_method = GetParam()}, [] { return NotCrossing(1); });
    EXPECT_EQ(run_to_the_end(process), 0);
}

TEST_P(ProcessByEachMethod, ExitcodeIsZeroAfterAReturn) {
    Process process({.start_method = GetParam()}, [] {});
    EXPECT_EQ(process.exitcode(), std::nullopt);
    EXPECT_EQ(run_to_the_end(process), 0);
}

TEST_P(ProcessByEachMethod, AnExceptionIsPrintedAndTheExitcodeIsOne) {
    const auto [code, errors] = errors_of(
        GetParam(), [](const std::string& why) { throw std::runtime_error(why); }, "no bread");
    EXPECT_EQ(code, 1);
    EXPECT_THAT(errors, StartsWith("Process Worm: std::runtime_error: no bread\n"));
}

TEST_P(ProcessByEachMethod, ExitcodeIsOneAfterSomethingElseWasThrown) {
    const auto [code, errors] = errors_of(GetParam(), [] { throw 5; });
    EXPECT_EQ(code, 1);
    EXPECT_THAT(errors, StartsWith("Process Worm: int\n"));
}

TEST_P(ProcessByEachMethod, ExitcodeIsWhatWasPassedToExit) {
    Process process({.start_method = GetParam()}, exit_with, 42);
    EXPECT_EQ(run_to_the_end(process), 42);
    Process zero({.start_method = GetParam()}, exit_with, 0);
    EXPECT_EQ(run_to_the_end(zero), 0);
}

TEST_P(ProcessByEachMethod, ExitcodeIsMinusTheSignal) {
    Process process({.start_method = GetParam()}, [] { ::raise(SIGUSR1); });
    EXPECT_EQ(run_to_the_end(process), -SIGUSR1);
}

TEST_P(ProcessByEachMethod, TerminateSendsSigterm) {
    Process process({.start_method = GetParam()}, sleep_forever);
    process.start();
    EXPECT_TRUE(process.is_alive());
    process.terminate();
    process.join();
    EXPECT_FALSE(process.is_alive());
    EXPECT_EQ(process.exitcode(), -SIGTERM);
}

TEST_P(ProcessByEachMethod, KillSendsSigkill) {
    Process process({.start_method = GetParam()}, sleep_forever);
    process.start();
    process.kill();
    process.join();
    EXPECT_EQ(process.exitcode(), -SIGKILL);
    process.kill(); // does nothing, because the process has ended
    process.terminate();
}

TEST_P(ProcessByEachMethod, SigintEndsIt) {
    const Fifo pipe;
    Process process(
        {.start_method = GetParam()},
        [](const std::string& path) {
            write_to(path, "ready");
            sleep_forever();
        },
        pipe.path());
    process.start();
    EXPECT_EQ(pipe.read(), "ready");
    ::kill(process.pid().value(), SIGINT);
    process.join();
    EXPECT_EQ(process.exitcode(), -SIGINT);
}

TEST_P(ProcessByEachMethod, JoinWithATimeoutSaysWhetherItEnded) {
    Process process({.start_method = GetParam()}, sleep_forever);
    process.start();
    EXPECT_FALSE(process.join(0ms));
    EXPECT_FALSE(process.join(1ms));
    process.kill();
    EXPECT_TRUE(process.join(1h));
    EXPECT_TRUE(process.join(0ms));
}

TEST_P(ProcessByEachMethod, StartsOnce) {
    Process process({.start_method = GetParam()}, [] {});
    process.start();
    EXPECT_THROW(process.start(), RuntimeError);
    process.join();
    EXPECT_THROW(process.start(), RuntimeError);
}

TEST(Process, CannotBeJoinedBeforeItsStart) {
    Process process([] {});
    EXPECT_THROW(process.join(), RuntimeError);
    EXPECT_THROW(process.join(1s), RuntimeError);
    EXPECT_THROW(process.terminate(), RuntimeError);
    EXPECT_THROW(process.kill(), RuntimeError);
    EXPECT_THROW(static_cast<void>(process.sentinel()), RuntimeError);
    EXPECT_THROW(run(process.wait()), RuntimeError);
    EXPECT_FALSE(process.is_alive());
    EXPECT_EQ(process.pid(), std::nullopt);
    EXPECT_EQ(process.exitcode(), std::nullopt);
}

TEST_P(ProcessByEachMethod, SentinelBecomesReadableAtTheEnd) {
    Process process({.start_method = GetParam()}, sleep_forever);
    process.start();
    pollfd sentinel{process.sentinel(), POLLIN, 0};
    EXPECT_EQ(::poll(&sentinel, 1, 0), 0);
    process.kill();
    EXPECT_EQ(::poll(&sentinel, 1, -1), 1);
    EXPECT_EQ(process.exitcode(), -SIGKILL);
}

TEST_P(ProcessByEachMethod, IsAwaitedByTasks) {
    Process process({.start_method = GetParam()}, exit_with, 3);
    process.start();
    const auto main = [&]() -> Coro<std::tuple<int, int>> {
        co_return co_await gather(process.wait(), process.wait());
    };
    EXPECT_EQ(run(main), std::tuple(3, 3));
    EXPECT_EQ(run(process.wait()), 3); // a second wait, long after its end
}

TEST_P(ProcessByEachMethod, CancellingAWaitLeavesTheProcessAlone) {
    Process process({.start_method = GetParam()}, sleep_forever);
    process.start();
    const auto main = [&]() -> Coro<int> {
        auto waiting = create_task(process.wait());
        co_await sleep(0s);
        waiting.cancel();
        bool was_cancelled = false;
        try {
            co_await waiting;
        } catch (const CancelledError&) {
            was_cancelled = true;
        }
        EXPECT_TRUE(was_cancelled);
        EXPECT_TRUE(process.is_alive());
        process.kill();
        co_return co_await process.wait();
    };
    EXPECT_EQ(run(main), -SIGKILL);
}

TEST_P(ProcessByEachMethod, DestructorJoins) {
    const Fifo pipe;
    {
        Process process({.start_method = GetParam()}, write_to, pipe.path(), "done");
        process.start();
    }
    EXPECT_EQ(pipe.read(), "done");
    EXPECT_TRUE(no_worker_is_left());
}

TEST_P(ProcessByEachMethod, DestructorTerminatesADaemon) {
    {
        Process process({.daemon = true, .start_method = GetParam()}, sleep_forever);
        EXPECT_TRUE(process.daemon());
        process.start();
    }
    EXPECT_TRUE(no_worker_is_left());
}

TEST_P(ProcessByEachMethod, LeavesNoDescriptorAndNoChildBehind) {
    {
        Process first({.start_method = GetParam()}, [] {}); // create what is created only once
        run_to_the_end(first);
    }
    const std::size_t before = open_descriptors();
    for (int i = 0; i < 5; ++i) {
        Process process({.start_method = GetParam()}, exit_with, i);
        EXPECT_EQ(run_to_the_end(process), i);
        Process never_started(
            {.start_method = GetParam()}, [](const std::string&) {}, "argument");
        Process killed({.start_method = GetParam()}, sleep_forever);
        killed.start();
        killed.kill();
        EXPECT_EQ(run(killed.wait()), -SIGKILL);
    }
    EXPECT_EQ(open_descriptors(), before);
    EXPECT_TRUE(no_worker_is_left());
}

TEST_P(ProcessByEachMethod, EndsWithItsOwner) {
    // The grandchild holds a copy of the pipe's end as stdout; at the end of the stream it has
    // ended.
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    const int own_stdout = ::dup(STDOUT_FILENO);
    ::dup2(ends[1], STDOUT_FILENO);
    Process process(
        {.start_method = GetParam()},
        [](StartMethod method) {
            Process grandchild({.start_method = method}, [] {
                std::puts("here");
                std::fflush(stdout);
                sleep_forever();
            });
            grandchild.start();
            sleep_forever();
        },
        GetParam());
    process.start();
    ::dup2(own_stdout, STDOUT_FILENO);
    ::close(own_stdout);
    ::close(ends[1]);
    char text[16];
    EXPECT_EQ(::read(ends[0], text, sizeof text), 5);
    process.kill();
    EXPECT_EQ(::read(ends[0], text, sizeof text), 0);
    ::close(ends[0]);
}

TEST_P(ProcessByEachMethod, HasAName) {
    EXPECT_EQ(current_process_name(), "MainProcess");
    const Process unnamed({.start_method = GetParam()}, [] {});
    EXPECT_THAT(unnamed.name(), HasSubstr("Process-"));
    Process named({.name = "Ada", .start_method = GetParam()},
                  [] { std::exit(current_process_name() == "Ada" ? 0 : 1); });
    EXPECT_EQ(named.name(), "Ada");
    EXPECT_EQ(run_to_the_end(named), 0);
}

TEST_P(ProcessByEachMethod, CanBeMoved) {
    Process process({.start_method = GetParam()}, sleep_forever);
    process.start();
    const int pid = process.pid().value();
    Process moved(std::move(process));
    EXPECT_EQ(moved.pid(), pid);
    std::vector<Process> processes;
    processes.push_back(std::move(moved));
    processes[0].kill();
    processes[0].join();
    EXPECT_EQ(processes[0].exitcode(), -SIGKILL);
}

TEST_P(ProcessByEachMethod, IsAnActiveChildWhileItRuns) {
    EXPECT_TRUE(active_children().empty());
    Process first({.name = "first", .start_method = GetParam()}, sleep_forever);
    Process second({.name = "second", .start_method = GetParam()}, sleep_forever);
    Process never_started({.start_method = GetParam()}, sleep_forever);
    second.start();
    first.start();
    const auto children = active_children();
    ASSERT_EQ(children.size(), 2U);
    EXPECT_EQ(children[0].name(), "second");
    EXPECT_EQ(children[0].pid(), second.pid());
    EXPECT_EQ(children[1].name(), "first");
    children[0].terminate();
    children[0].join();
    EXPECT_EQ(second.exitcode(), -SIGTERM);
    ASSERT_EQ(active_children().size(), 1U);
    first.kill();
    first.join();
    EXPECT_TRUE(active_children().empty());
}

TEST_P(ProcessByEachMethod, IsReapedByActiveChildren) {
    Process process({.start_method = GetParam()}, exit_with, 4);
    process.start();
    const pid_t pid = process.pid().value();
    pollfd sentinel{process.sentinel(), POLLIN, 0};
    ASSERT_EQ(::poll(&sentinel, 1, -1), 1);
    EXPECT_TRUE(active_children().empty());
    EXPECT_EQ(look_at(pid).state, 0);
    EXPECT_EQ(process.exitcode(), 4);
}

TEST_P(ProcessByEachMethod, IsOutlivedByItsHandle) {
    const ProcessEvent may_end;
    const auto wait_and_exit = [](const ProcessEvent& event) {
        event.wait();
        std::exit(4);
    };
    const ProcessHandle handle = [&] {
        Process process({.start_method = GetParam()}, wait_and_exit, may_end);
        process.start();
        const ProcessHandle found = active_children().at(0);
        may_end.set();
        return found;
    }();
    EXPECT_FALSE(handle.is_alive());
    EXPECT_EQ(handle.exitcode(), 4);
}

TEST(Process, ThereIsAProcessor) { EXPECT_GE(cpu_count(), 1U); }
