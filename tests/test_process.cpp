#include <hocket/process.hpp>

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

#include "open_descriptors.hpp"

using namespace hocket;
using namespace std::chrono_literals;
using testing::HasSubstr;

namespace {

void sleep_for_ever() {
    for (;;) {
        ::pause();
    }
}

void exit_with(int code) { std::exit(code); }

/// A pipe whose ends cross by their place in the file system: the child opens its parent's.
class Pipe {
public:
    Pipe() { EXPECT_EQ(::pipe(ends_), 0); }
    ~Pipe() {
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

template <class F, class... Args> std::pair<int, std::string> errors_of(F f, const Args&... args) {
    Process process({.name = "Worm"}, f, args...);
    testing::internal::CaptureStderr();
    const int code = run_to_the_end(process);
    return {code, testing::internal::GetCapturedStderr()};
}

struct NotCrossing {
    explicit NotCrossing(int) {}
};

} // namespace

TEST(Process, CallsAFunctionWithItsArgumentsInAnotherProcess) {
    const Pipe pipe;
    Process process(write_to, pipe.path(), "words");
    EXPECT_EQ(run_to_the_end(process), 0);
    EXPECT_EQ(pipe.read(), "words");
}

TEST(Process, CallsALambdaWithoutCaptures) {
    const Pipe pipe;
    Process process([](const std::string& path) { write_to(path, std::to_string(::getpid())); },
                    pipe.path());
    process.start();
    EXPECT_EQ(pipe.read(), std::to_string(process.pid().value()));
    process.join();
}

TEST(Process, CallsAFunctionOfASharedLibrary) {
    Process process(::_exit, 9);
    EXPECT_EQ(run_to_the_end(process), 9);
}

TEST(Process, CarriesLargeArguments) {
    const std::vector<int> numbers(5'000'000, 3);
    Process process(
        [](const std::vector<int>& given) {
            std::exit(given == std::vector<int>(5'000'000, 3) ? 7 : 8);
        },
        numbers);
    EXPECT_EQ(run_to_the_end(process), 7);
}

TEST(Process, DropsAResultThatNeedNotCross) {
    Process process([] { return NotCrossing(1); });
    EXPECT_EQ(run_to_the_end(process), 0);
}

TEST(Process, ExitcodeIsZeroAfterAReturn) {
    Process process([] {});
    EXPECT_EQ(process.exitcode(), std::nullopt);
    EXPECT_EQ(run_to_the_end(process), 0);
}

TEST(Process, ExitcodeIsOneAfterAnExceptionWhichIsPrinted) {
    const auto [code, errors] =
        errors_of([](const std::string& why) { throw std::runtime_error(why); }, "no bread");
    EXPECT_EQ(code, 1);
    EXPECT_EQ(errors, "Process Worm: std::runtime_error: no bread\n");
}

TEST(Process, ExitcodeIsOneAfterSomethingElseWasThrown) {
    const auto [code, errors] = errors_of([] { throw 5; });
    EXPECT_EQ(code, 1);
    EXPECT_EQ(errors, "Process Worm: int\n");
}

TEST(Process, ExitcodeIsWhatWasPassedToExit) {
    Process process(exit_with, 42);
    EXPECT_EQ(run_to_the_end(process), 42);
    Process zero(exit_with, 0);
    EXPECT_EQ(run_to_the_end(zero), 0);
}

TEST(Process, ExitcodeIsMinusTheSignal) {
    Process process([] { ::raise(SIGUSR1); });
    EXPECT_EQ(run_to_the_end(process), -SIGUSR1);
}

TEST(Process, TerminateSendsSigterm) {
    Process process(sleep_for_ever);
    process.start();
    EXPECT_TRUE(process.is_alive());
    process.terminate();
    process.join();
    EXPECT_FALSE(process.is_alive());
    EXPECT_EQ(process.exitcode(), -SIGTERM);
}

TEST(Process, KillSendsSigkill) {
    Process process(sleep_for_ever);
    process.start();
    process.kill();
    process.join();
    EXPECT_EQ(process.exitcode(), -SIGKILL);
    process.kill(); // of a process that has ended: nothing happens
    process.terminate();
}

TEST(Process, SigintEndsIt) {
    const Pipe pipe;
    Process process(
        [](const std::string& path) {
            write_to(path, "ready");
            sleep_for_ever();
        },
        pipe.path());
    process.start();
    EXPECT_EQ(pipe.read(), "ready");
    ::kill(process.pid().value(), SIGINT);
    process.join();
    EXPECT_EQ(process.exitcode(), -SIGINT);
}

TEST(Process, JoinWithATimeoutSaysWhetherItEnded) {
    Process process(sleep_for_ever);
    process.start();
    EXPECT_FALSE(process.join(0ms));
    EXPECT_FALSE(process.join(1ms));
    process.kill();
    EXPECT_TRUE(process.join(1h));
    EXPECT_TRUE(process.join(0ms));
}

TEST(Process, StartsOnce) {
    Process process([] {});
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

TEST(Process, SentinelBecomesReadableAtTheEnd) {
    Process process(sleep_for_ever);
    process.start();
    pollfd sentinel{process.sentinel(), POLLIN, 0};
    EXPECT_EQ(::poll(&sentinel, 1, 0), 0);
    process.kill();
    EXPECT_EQ(::poll(&sentinel, 1, -1), 1);
    EXPECT_EQ(process.exitcode(), -SIGKILL);
}

TEST(Process, IsAwaitedByTasks) {
    Process process(exit_with, 3);
    process.start();
    const auto main = [&]() -> Coro<std::tuple<int, int>> {
        co_return co_await gather(process.wait(), process.wait());
    };
    EXPECT_EQ(run(main), std::tuple(3, 3));
    EXPECT_EQ(run(process.wait()), 3); // and once more, when it has long ended
}

TEST(Process, CancellingAWaitLeavesTheProcessAlone) {
    Process process(sleep_for_ever);
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

TEST(Process, DestructorJoins) {
    const Pipe pipe;
    {
        Process process(write_to, pipe.path(), "done");
        process.start();
    }
    EXPECT_EQ(pipe.read(), "done");
    EXPECT_TRUE(has_no_children());
}

TEST(Process, DestructorTerminatesADaemon) {
    {
        Process process({.daemon = true}, sleep_for_ever);
        EXPECT_TRUE(process.daemon());
        process.start();
    }
    EXPECT_TRUE(has_no_children());
}

TEST(Process, LeavesNoDescriptorAndNoChildBehind) {
    {
        Process first([] {}); // what is made once is made
        run_to_the_end(first);
    }
    const std::size_t before = open_descriptors();
    for (int i = 0; i < 5; ++i) {
        Process process(exit_with, i);
        EXPECT_EQ(run_to_the_end(process), i);
        Process never_started([](const std::string&) {}, "argument");
        Process killed(sleep_for_ever);
        killed.start();
        killed.kill();
        EXPECT_EQ(run(killed.wait()), -SIGKILL);
    }
    EXPECT_EQ(open_descriptors(), before);
    EXPECT_TRUE(has_no_children());
}

TEST(Process, EndsWithItsOwner) {
    // The grandchild holds a copy of the pipe's end through stdout; at the end of file it is gone.
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    const int own_stdout = ::dup(STDOUT_FILENO);
    ::dup2(ends[1], STDOUT_FILENO);
    Process process([] {
        Process grandchild([] {
            std::puts("here");
            std::fflush(stdout);
            sleep_for_ever();
        });
        grandchild.start();
        sleep_for_ever();
    });
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

TEST(Process, HasAName) {
    EXPECT_EQ(current_process_name(), "MainProcess");
    const Process unnamed([] {});
    EXPECT_THAT(unnamed.name(), HasSubstr("Process-"));
    Process named({.name = "Ada"}, [] { std::exit(current_process_name() == "Ada" ? 0 : 1); });
    EXPECT_EQ(named.name(), "Ada");
    EXPECT_EQ(run_to_the_end(named), 0);
}

TEST(Process, CanBeMoved) {
    Process process(sleep_for_ever);
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

TEST(Process, ThereIsAProcessor) { EXPECT_GE(cpu_count(), 1U); }
