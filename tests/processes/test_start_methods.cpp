// Guarantees of the individual start methods, apart from those that the tests of pools and
// Processes check with all methods.

#include <hocket/start_method.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include <hocket/errors.hpp>
#include <hocket/file.hpp>
#include <hocket/files.hpp>
#include <hocket/manager.hpp>
#include <hocket/pool.hpp>
#include <hocket/process.hpp>
#include <hocket/process_pool_executor.hpp>
#include <hocket/run.hpp>
#include <hocket/shared_array.hpp>
#include <hocket/shared_value.hpp>
#include <hocket/sleep.hpp>
#include <hocket/thread_pool_executor.hpp>

#include "crawl/temporary_folder.hpp"
#include "loop/fork_safe_mutex.hpp"
#include "support/open_descriptors.hpp"
#include "support/start_methods.hpp"

using namespace hocket;
using namespace std::chrono_literals;

namespace {

int twice(int n) { return 2 * n; }

void sleep_forever() {
    for (;;) {
        ::pause();
    }
}

/// Waits until other processes have made `condition` true.
template <class Condition> void wait_until(Condition condition) {
    while (!condition()) {
        std::this_thread::yield();
    }
}

int run_to_the_end(Process& process) {
    process.start();
    process.join();
    return process.exitcode().value();
}

/// Replaces stdout by a pipe as long as it exists.
class CapturedOutput {
public:
    CapturedOutput() : own_(::dup(STDOUT_FILENO)) {
        std::fflush(stdout);
        EXPECT_EQ(::pipe(ends_.data()), 0);
        ::dup2(ends_[1], STDOUT_FILENO);
        ::close(ends_[1]);
    }
    ~CapturedOutput() {
        restore();
        ::close(ends_[0]);
    }
    void restore() {
        if (own_ >= 0) {
            std::fflush(stdout);
            ::dup2(own_, STDOUT_FILENO);
            ::close(own_);
            own_ = -1;
        }
    }
    /// The output up to the end, which comes when no process has the pipe open for writing any
    /// more.
    std::string read_to_the_end() {
        restore();
        std::string text;
        std::array<char, 256> part{};
        for (;;) {
            const ssize_t size = ::read(ends_[0], part.data(), part.size());
            if (size <= 0) {
                return text;
            }
            text.append(part.data(), static_cast<std::size_t>(size));
        }
    }

private:
    int own_;
    std::array<int, 2> ends_{};
};

class StartMethods : public EachStartMethod {};
INSTANTIATE_FOR_EACH_START_METHOD(StartMethods);

/// A pool whose workers are children of a fork server.
class ForkServer : public testing::Test {
protected:
    [[nodiscard]] pid_t server() {
        return pool.submit([] { return ::getppid(); }).result();
    }

    ProcessPoolExecutor pool{1, {.start_method = StartMethod::forkserver}};
};

class ForkMethod : public testing::Test {
protected:
    void SetUp() override {
        if (thread_sanitized) {
            GTEST_SKIP() << "ThreadSanitizer ends a process that was forked from one with threads "
                            "as soon as it starts a thread itself";
        }
    }
};

int seen = 0;

} // namespace

// --- all methods ---------------------------------------------------------------------------------

TEST_P(StartMethods, OnlyAForkHasACopyOfWhatThisProcessHas) {
    seen = 7;
    ProcessPoolExecutor pool(1, {.start_method = GetParam()});
    const int there = pool.submit([] { return seen; }).result();
    seen = 0;
    EXPECT_EQ(there, GetParam() == StartMethod::fork ? 7 : 0);
}

TEST_P(StartMethods, AWorkerHasADescriptorOfNoOther) {
    // The owner dies while one worker is stopped, so that this worker closes nothing. If it had a
    // copy of the owner's end of the other worker's socket, the other worker would survive.
    for (const std::size_t stopped : {0, 1}) {
        const SharedArray<pid_t> workers(2);
        Process owner(
            [](SharedArray<pid_t> known, StartMethod method) {
                ProcessPoolExecutor first(1, {.start_method = method});
                ProcessPoolExecutor second(1, {.start_method = method});
                known[0] = first.submit([] { return ::getpid(); }).result();
                std::atomic_ref(known[1]).store(second.submit([] { return ::getpid(); }).result());
                sleep_forever();
            },
            workers, GetParam());
        owner.start();
        wait_until([&] { return std::atomic_ref(workers[1]).load() != 0; });
        ::kill(workers[stopped], SIGSTOP);
        wait_until([&] { return look_at(workers[stopped]).state == 'T'; });
        owner.kill();
        owner.join();
        wait_until([&] { return is_gone(workers[1 - stopped]); });
        EXPECT_EQ(look_at(workers[stopped]).state, 'T');
        ::kill(workers[stopped], SIGCONT);
        wait_until([&] { return is_gone(workers[stopped]); });
    }
}

TEST_P(StartMethods, WhatAProcessWritesFollowsWhatWasWrittenBeforeItsStart) {
    CapturedOutput output;
    std::printf("before ");
    Process process({.start_method = GetParam()}, [] { std::printf("inside "); });
    EXPECT_EQ(run_to_the_end(process), 0);
    std::printf("behind");
    EXPECT_EQ(output.read_to_the_end(), "before inside behind");
}

TEST_P(StartMethods, StdinIsEmpty) {
    Process process({.start_method = GetParam()}, [] { std::exit(std::getchar() == EOF ? 3 : 4); });
    EXPECT_EQ(run_to_the_end(process), 3);
}

TEST_P(StartMethods, TheOwnerMayHaveClosedItsStdin) {
    const int own_stdin = ::dup(STDIN_FILENO);
    ::close(STDIN_FILENO);
    Process process({.start_method = GetParam()}, [] { std::exit(std::getchar() == EOF ? 3 : 4); });
    EXPECT_EQ(run_to_the_end(process), 3);
    ::dup2(own_stdin, STDIN_FILENO);
    ::close(own_stdin);
}

TEST_P(StartMethods, SignalsHaveTheirDefaultEffect) {
    std::signal(SIGUSR1, [](int) {});
    std::signal(SIGUSR2, SIG_IGN);
    Process handled({.start_method = GetParam()}, [] { ::raise(SIGUSR1); });
    Process ignored({.start_method = GetParam()}, [] { ::raise(SIGUSR2); });
    EXPECT_EQ(run_to_the_end(handled), -SIGUSR1);
    EXPECT_EQ(run_to_the_end(ignored), -SIGUSR2);
    std::signal(SIGUSR1, SIG_DFL);
    std::signal(SIGUSR2, SIG_DFL);
}

TEST_P(StartMethods, AProcessStartedByATaskRunsALoopOfItsOwn) {
    Process process({.start_method = GetParam()}, [] {
        const auto main = []() -> Coro<int> {
            co_await sleep(1ms);
            co_return 5;
        };
        std::exit(run(main));
    });
    const auto main = [&]() -> Coro<int> {
        process.start();
        co_return co_await process.wait();
    };
    EXPECT_EQ(run(main), 5);
}

TEST_P(StartMethods, AProcessStartedByATaskThatReadsFilesReadsItsOwn) {
    crawl_tests::TemporaryFolder folder;
    folder.write("a", std::string(100'000, 'a'));
    const std::string path = (folder.path() / "a").string();
    run([&]() -> Coro<> {
        File file = co_await open(path); // with io_uring, this creates the loop's ring
        const std::string first = co_await file.read(10);
        Process process(
            {.start_method = GetParam()},
            [](const std::string& at) {
                const std::string all = run(files::read_text(at));
                std::exit(all.size() == 100'000 ? 0 : 1);
            },
            path);
        process.start();
        const std::string rest = co_await file.read();
        EXPECT_EQ(rest.size(), 99'990U);
        EXPECT_EQ(co_await process.wait(), 0);
        EXPECT_EQ((co_await files::read_text(path)).size(), 100'000U);
    });
}

TEST_P(StartMethods, AProcessStartedByAPoolsThreadHasPoolsOfItsOwn) {
    ThreadPoolExecutor threads(1);
    Process process({.start_method = GetParam()}, [] {
        ThreadPoolExecutor own(1);
        std::exit(own.submit(twice, 4).result());
    });
    threads.submit([&] { process.start(); }).result();
    process.join();
    EXPECT_EQ(process.exitcode(), 8);
}

TEST_P(StartMethods, AManagerServesAWorkerWhileItsOwnerAsksIt) {
    const Manager manager(GetParam());
    const auto counter = manager.value<int>(0);
    counter.update([](int& n) { ++n; }); // from here on, this process has a connection
    Pool pool(2, {.start_method = GetParam()});
    const auto count = [](const ManagedValue<int>& value) {
        for (int i = 0; i < 100; ++i) {
            value.update([](int& n) { ++n; });
        }
    };
    const auto first = pool.apply_async(count, counter);
    const auto second = pool.apply_async(count, counter);
    count(counter);
    first.result();
    second.result();
    EXPECT_EQ(counter.get(), 301);
}

// --- forkserver ----------------------------------------------------------------------------------

TEST_F(ForkServer, IsOneForAllPoolsAndProcesses) {
    EXPECT_NE(server(), ::getpid());
    EXPECT_EQ(look_at(server()).name, "forkserver");
    EXPECT_EQ(look_at(server()).parent, ::getpid());
    ProcessPoolExecutor other(1, {.start_method = StartMethod::forkserver});
    EXPECT_EQ(other.submit([] { return ::getppid(); }).result(), server());
    const SharedValue<pid_t> parent;
    Process process(
        {.start_method = StartMethod::forkserver},
        [](SharedValue<pid_t> of) { of.store(::getppid()); }, parent);
    EXPECT_EQ(run_to_the_end(process), 0);
    EXPECT_EQ(parent.load(), server());
}

TEST_F(ForkServer, HasOneThreadAndNoDescriptorOfAWorkerThatHasEnded) {
    const auto descriptors = [&] {
        return std::distance(
            std::filesystem::directory_iterator("/proc/" + std::to_string(server()) + "/fd"),
            std::filesystem::directory_iterator());
    };
    const auto before = descriptors();
    for (int i = 0; i < 10; ++i) {
        Process process({.start_method = StartMethod::forkserver}, [] {});
        EXPECT_EQ(run_to_the_end(process), 0);
    }
    wait_until([&] { return descriptors() <= before; }); // it closes those of reported children
    const std::filesystem::path threads = "/proc/" + std::to_string(server()) + "/task";
    if (!thread_sanitized) { // ThreadSanitizer has its own thread
        EXPECT_EQ(std::distance(std::filesystem::directory_iterator(threads),
                                std::filesystem::directory_iterator()),
                  1);
    }
}

TEST_F(ForkServer, DoesNotKeepTheOutputOpen) {
    ::kill(server(), SIGKILL); // so that the next one starts now
    CapturedOutput output;
    Process process({.start_method = StartMethod::forkserver}, [] { std::printf("words"); });
    EXPECT_EQ(run_to_the_end(process), 0);
    EXPECT_EQ(output.read_to_the_end(), "words");
}

TEST_F(ForkServer, KilledWhileIdleIsFollowedByAnother) {
    const pid_t first = server();
    ::kill(first, SIGKILL);
    wait_until([&] { return is_gone(first); });
    ProcessPoolExecutor other(1, {.start_method = StartMethod::forkserver});
    EXPECT_EQ(other.submit(twice, 21).result(), 42);
    EXPECT_NE(other.submit([] { return ::getppid(); }).result(), first);
    EXPECT_EQ(look_at(first).state, 0); // reaped
}

TEST_F(ForkServer, KilledWhileAWorkerRunsLeavesTheWorkerAlone) {
    const SharedValue<int> stage(0);
    const pid_t first = server();
    const auto call = pool.submit(
        [](SharedValue<int> shared) {
            shared.store(1);
            wait_until([&] { return shared.load() == 2; });
            return ::getpid();
        },
        stage);
    wait_until([&] { return stage.load() == 1; });
    ::kill(first, SIGKILL);
    wait_until([&] { return is_gone(first); });
    stage.store(2);
    const pid_t worker = call.result();
    EXPECT_EQ(pool.submit([] { return ::getpid(); }).result(), worker);
}

TEST_F(ForkServer, KilledBeforeItsWorkerIsOneCallsFailureThatSaysSo) {
    const auto call = pool.submit(sleep_forever);
    const pid_t first = [&] {
        // The only worker is busy, so find its parent through /proc.
        for (;;) {
            for (const auto& child : children_of(::getpid())) {
                if (child.name == "forkserver" && !children_of(child.pid).empty() &&
                    call.running()) {
                    return child.pid;
                }
            }
        }
    }();
    const pid_t worker = children_of(first)[0].pid;
    ::kill(first, SIGKILL);
    wait_until([&] { return is_gone(first); });
    EXPECT_FALSE(call.done());
    ::kill(worker, SIGKILL);
    try {
        call.result();
        FAIL();
    } catch (const WorkerDied& error) {
        EXPECT_EQ(error.exitcode(), 255);
        EXPECT_NE(std::string(error.what()).find("forkserver"), std::string::npos) << error.what();
    }
    EXPECT_EQ(pool.submit(twice, 21).result(), 42);
    EXPECT_TRUE(call.done());
}

TEST_F(ForkServer, KilledBeforeItsProcessMakesTheExitCodeUnknown) {
    Process process({.start_method = StartMethod::forkserver}, sleep_forever);
    process.start();
    ::kill(look_at(process.pid().value()).parent, SIGKILL);
    EXPECT_FALSE(process.join(10ms));
    EXPECT_TRUE(process.is_alive());
    process.kill();
    process.join();
    EXPECT_EQ(process.exitcode(), 255);
}

TEST_F(ForkServer, KilledAgainAndAgainIsNoticedAtEveryMoment) {
    std::atomic<bool> over{false};
    std::thread killer([&] {
        // Wait longer each time, so that even on the slowest machine some server lives long enough.
        for (auto pause = 5ms; !over; pause += 2ms) {
            std::this_thread::sleep_for(pause);
            for (const auto& child : children_of(::getpid())) {
                if (child.name == "forkserver") {
                    ::kill(child.pid, SIGKILL);
                }
            }
        }
    });
    int results = 0;
    for (int i = 0; i < (sanitized ? 10 : 50); ++i) {
        ProcessPoolExecutor each(1, {.start_method = StartMethod::forkserver});
        try {
            EXPECT_EQ(each.submit(twice, i).result(), 2 * i);
            ++results;
        } catch (const BrokenExecutor&) {
            // Five servers in a row were killed before they could fork.
        }
    }
    over = true;
    killer.join();
    EXPECT_GT(results, 0);
    EXPECT_EQ(pool.submit(twice, 21).result(), 42);
}

TEST_F(ForkServer, EndsWithItsOwner) {
    const SharedArray<pid_t> pids(2);
    Process owner(
        [](SharedArray<pid_t> known) {
            ProcessPoolExecutor inner(1, {.start_method = StartMethod::forkserver});
            known[0] = inner.submit([] { return ::getppid(); }).result();
            std::atomic_ref(known[1]).store(inner.submit([] { return ::getpid(); }).result());
            sleep_forever();
        },
        pids);
    owner.start();
    wait_until([&] { return std::atomic_ref(pids[1]).load() != 0; });
    EXPECT_FALSE(is_gone(pids[0]));
    owner.kill();
    wait_until([&] { return is_gone(pids[0]) && is_gone(pids[1]); });
}

TEST_F(ForkServer, LeavesCtrlCToItsOwner) {
    ::kill(server(), SIGINT);
    const pid_t first = server();
    pool.submit([] { ::raise(SIGKILL); });
    EXPECT_EQ(server(), first);
}

// --- fork ----------------------------------------------------------------------------------------

namespace {

SharedValue<int>* handlers_run = nullptr;

struct Witness {
    ~Witness() {
        if (handlers_run != nullptr) {
            handlers_run->fetch_add(1);
        }
    }
};

} // namespace

TEST_F(ForkMethod, ExitRunsNeitherAtexitHandlersNorStaticDestructorsOfTheParent) {
    static const Witness witness;
    SharedValue<int> runs(0);
    handlers_run = &runs;
    std::atexit([] {
        if (handlers_run != nullptr) {
            handlers_run->fetch_add(1);
        }
    });
    Process process({.start_method = StartMethod::fork}, [] { std::exit(6); });
    EXPECT_EQ(run_to_the_end(process), 6);
    Process returns({.start_method = StartMethod::fork}, [] {});
    EXPECT_EQ(run_to_the_end(returns), 0);
    EXPECT_EQ(runs.load(), 0);
    Process registers({.start_method = StartMethod::fork}, [] {
        std::atexit([] { handlers_run->fetch_add(100); });
        std::exit(0);
    });
    EXPECT_EQ(run_to_the_end(registers), 0);
    EXPECT_EQ(runs.load(), 100); // the handlers of the process itself run
    handlers_run = nullptr;
}

TEST_F(ForkMethod, AnInheritedProcessIsNotAChildOfTheFork) {
    static Process* inherited = nullptr;
    Process other(sleep_forever);
    other.start();
    inherited = &other;
    Process process({.start_method = StartMethod::fork}, [] {
        try {
            inherited->join();
            std::exit(1);
        } catch (const RuntimeError&) {
        }
        if (inherited->is_alive() || inherited->exitcode() || !active_children().empty()) {
            std::exit(2);
        }
        Process moved(std::move(*inherited)); // its destructor does not wait for the process
    });
    EXPECT_EQ(run_to_the_end(process), 0);
    EXPECT_TRUE(other.is_alive());
    other.kill();
}

TEST_F(ForkMethod, InTheMiddleOfWhateverOtherThreadsDo) {
    if (sanitized) {
        GTEST_SKIP() << "the lock of AddressSanitizer's allocator is not free in the child";
    }
    std::atomic<bool> over{false};
    std::vector<std::thread> busy;
    for (int i = 0; i < 3; ++i) {
        busy.emplace_back([&] {
            const ProcessPoolExecutor never_used(1);
            while (!over) {
                const std::vector<std::string> words(100, "a string that is too long to be short");
                const ProcessPoolExecutor comes_and_goes(1);
                std::this_thread::yield();
            }
        });
    }
    ProcessPoolExecutor pool(1, {.start_method = StartMethod::fork, .max_tasks_per_child = 1});
    for (int i = 0; i < 100; ++i) {
        const auto text = pool.submit(
            [](int n) {
                return std::vector<std::string>(100, std::to_string(n) + " of a hundred forks");
            },
            i);
        EXPECT_EQ(text.result().size(), 100U);
    }
    over = true;
    for (auto& thread : busy) {
        thread.join();
    }
}

TEST_F(ForkMethod, FindsNoForkSafeMutexHeldByAThreadThatItHasNot) {
    static hocket::detail::ForkSafeMutex first;
    static hocket::detail::ForkSafeMutex second;
    std::atomic<bool> over{false};
    const auto hold_in_turn = [&](auto& outer, auto& inner) {
        while (!over) {
            {
                const std::scoped_lock lock(outer);
                const std::unique_lock nested(inner, std::try_to_lock);
            }
            std::this_thread::yield();
        }
    };
    std::array<std::thread, 2> holders{std::thread([&] { hold_in_turn(first, second); }),
                                       std::thread([&] { hold_in_turn(second, first); })};
    for (int i = 0; i < 50; ++i) {
        const pid_t child = ::fork();
        if (child == 0) {
            const std::scoped_lock lock(first, second);
            ::_exit(0);
        }
        int status = -1;
        ASSERT_EQ(::waitpid(child, &status, 0), child);
        ASSERT_EQ(status, 0);
    }
    over = true;
    for (auto& holder : holders) {
        holder.join();
    }
}
