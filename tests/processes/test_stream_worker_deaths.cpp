// How workers behind streams end, and what becomes of their calls.

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <hocket/errors.hpp>

#include "support/start_methods.hpp"
#include "support/stream_pool.hpp"
#include "support/temporary_folder.hpp"

using namespace hocket;
using namespace std::chrono_literals;

namespace {

int add(int a, int b) { return a + b; }

int process_id() { return ::getpid(); }

int die(int signal) {
    ::raise(signal);
    return 0;
}

/// Says that it runs, by creating a file, and never returns.
void run_for_ever(const std::string& sign) {
    std::ofstream{sign};
    for (;;) {
        ::pause();
    }
}

void wait_for_file(const std::string& path) {
    while (!std::filesystem::exists(path)) {
        std::this_thread::sleep_for(1ms);
    }
}

int sleep_for(int milliseconds) {
    std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
    return milliseconds;
}

template <class F> std::string message_of(F wait) {
    try {
        wait();
    } catch (const std::exception& error) {
        return error.what();
    }
    return "no exception";
}

TEST(StreamWorkerDeaths, ThatDieTakeOneCallWithThem) {
    StreamPool pool(1);
    std::vector<Future<int>> others;
    for (int i = 0; i < 50; ++i) {
        others.push_back(pool.submit(add, i, 0));
    }
    const auto dying = pool.submit_with({.name = "the deadly one"}, die, SIGKILL);
    for (int i = 50; i < 100; ++i) {
        others.push_back(pool.submit(add, i, 0));
    }
    for (int i = 0; i < 100; ++i) {
        EXPECT_EQ(others[static_cast<std::size_t>(i)].result(), i);
    }
    try {
        dying.result();
        ADD_FAILURE() << "the call survived";
    } catch (const WorkerDied& error) {
        EXPECT_EQ(error.exitcode(), -SIGKILL);
        EXPECT_GT(error.pid(), 0);
        EXPECT_THAT(error.what(), testing::HasSubstr("was ended by SIGKILL"));
        EXPECT_THAT(error.what(), testing::HasSubstr("while running 'the deadly one'"));
    }
}

TEST(StreamWorkerDeaths, ThatExitSayWithWhichCode) {
    StreamPool pool(1);
    const auto leaving = pool.submit([](int code) { std::_Exit(code); }, 7);
    EXPECT_THAT(message_of([&] { leaving.result(); }),
                testing::HasSubstr("ended with exit code 7"));
}

TEST(StreamWorkerDeaths, ThatCloseTheirConnectionAreReplaced) {
    StreamPool pool(1);
    const auto closing = pool.submit([] { ::close_range(3, 100, 0); });
    EXPECT_THROW(closing.result(), WorkerDied);
    EXPECT_EQ(pool.submit(add, 1, 1).result(), 2);
}

TEST(StreamWorkerDeaths, KilledAtAnyMomentFailNoMoreThanTheCallsThatRan) {
    constexpr int calls = sanitized ? 300 : 1500;
    StreamPool pool(2);
    std::mt19937 random(7);
    std::vector<Future<int>> results;
    int kills = 0;
    for (int i = 0; i < calls; ++i) {
        results.push_back(pool.submit(add, i, i));
        if (i % 100 == 50) {
            ++kills;
            pool.submit(
                [](int microseconds) {
                    // A moment later, in the middle of another call or between two.
                    std::thread([microseconds] {
                        std::this_thread::sleep_for(std::chrono::microseconds(microseconds));
                        ::kill(::getpid(), SIGKILL);
                    }).detach();
                },
                static_cast<int>(random() % 3000));
        }
    }
    int died = 0;
    for (int i = 0; i < calls; ++i) {
        try {
            EXPECT_EQ(results[static_cast<std::size_t>(i)].result(), 2 * i);
        } catch (const WorkerDied&) {
            ++died;
        }
    }
    EXPECT_LE(died, kills);
}

TEST(StreamWorkerDeaths, CancelledBeforeItIsSentACallDoesNotRun) {
    const TemporaryFolder folder;
    const std::string sign = folder.path() / "sign";
    StreamPool pool(1);
    auto running = pool.submit(run_for_ever, sign);
    std::vector<Future<int>> waiting;
    for (int i = 0; i < 10; ++i) {
        waiting.push_back(pool.submit(add, i, 0));
    }
    wait_for_file(sign);
    EXPECT_TRUE(waiting[9].cancel()) << "still at the owner";
    EXPECT_TRUE(waiting[0].cancel()) << "already at the worker";
    EXPECT_TRUE(waiting[9].cancelled());
    EXPECT_TRUE(running.cancel());
    for (int i = 1; i < 9; ++i) {
        EXPECT_EQ(waiting[static_cast<std::size_t>(i)].result(), i);
    }
}

TEST(StreamWorkerDeaths, ACallThatRunsCanBeCancelledAndItsWorkerIsReplaced) {
    const TemporaryFolder folder;
    const std::string sign = folder.path() / "sign";
    StreamPool pool(1);
    const int first = pool.submit(process_id).result();
    auto endless = pool.submit(run_for_ever, sign);
    auto next = pool.submit(process_id);
    wait_for_file(sign);
    EXPECT_TRUE(endless.running());
    EXPECT_TRUE(endless.cancel());
    EXPECT_THROW(endless.result(), CancelledError);
    EXPECT_NE(next.result(), first);
    EXPECT_FALSE(next.cancel());
}

TEST(StreamWorkerDeaths, ThatDoNotEndACancelledCallAreKilled) {
    const TemporaryFolder folder;
    const std::string sign = folder.path() / "sign";
    auto options = detail::stream_options();
    options.cancel_timeout = 50'000'000;
    StreamPool pool(1, options);
    auto stopped = pool.submit(
        [](const std::string& path) {
            std::ofstream{path};
            ::raise(SIGSTOP); // all of its threads
        },
        sign);
    wait_for_file(sign);
    std::this_thread::sleep_for(20ms);
    EXPECT_TRUE(stopped.cancel());
    EXPECT_EQ(pool.submit(add, 1, 1).result(), 2);
}

TEST(StreamWorkerDeaths, ACallThatRunsTooLongIsEnded) {
    StreamPool pool(1);
    const auto late = pool.submit_with({.timeout = 50ms}, sleep_for, 60'000);
    const auto next = pool.submit(add, 1, 1);
    EXPECT_THROW(late.result(), TimeoutError);
    EXPECT_EQ(next.result(), 2);
}

TEST(StreamWorkerDeaths, ATimeoutHoldsForACallThatHadToWait) {
    StreamPool pool(1);
    for (int i = 0; i < 5; ++i) {
        static_cast<void>(pool.submit(sleep_for, 30));
    }
    const auto late = pool.submit_with({.timeout = 50ms}, sleep_for, 60'000);
    EXPECT_THROW(late.result(), TimeoutError);
}

TEST(StreamWorkerDeaths, ShutdownCancelsWhatHasNotStarted) {
    const TemporaryFolder folder;
    const std::string sign = folder.path() / "sign";
    StreamPool pool(1);
    const auto running = pool.submit(
        [](const std::string& path) {
            std::ofstream{path};
            return sleep_for(300);
        },
        sign);
    std::vector<Future<int>> waiting;
    for (int i = 0; i < 10; ++i) {
        waiting.push_back(pool.submit(add, i, 0));
    }
    wait_for_file(sign);
    pool.shutdown(true, true);
    EXPECT_EQ(running.result(), 300);
    for (const auto& each : waiting) {
        EXPECT_TRUE(each.cancelled());
    }
    EXPECT_THROW(pool.submit(add, 1, 1).result(), RuntimeError);
}

TEST(StreamWorkerDeaths, KillWorkersEndsItWithWhateverRuns) {
    const TemporaryFolder folder;
    const std::string sign = folder.path() / "sign";
    StreamPool pool(1);
    const auto running = pool.submit(run_for_ever, sign);
    wait_for_file(sign);
    pool.kill_workers();
    EXPECT_THROW(running.result(), WorkerDied);
}

TEST(StreamWorkerDeaths, EndWithTheirOwner) {
    if (thread_sanitized) {
        GTEST_SKIP() << "ThreadSanitizer does not follow forks";
    }
    // The owner is a process of its own, which is killed.
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    const pid_t owner = ::fork();
    if (owner == 0) {
        auto peer = detail::start_stream_worker();
        static_cast<void>(::write(ends[1], &peer.pid, sizeof peer.pid));
        for (;;) {
            ::pause();
        }
    }
    pid_t worker = 0;
    ASSERT_EQ(::read(ends[0], &worker, sizeof worker), static_cast<ssize_t>(sizeof worker));
    ::kill(owner, SIGKILL);
    ::waitpid(owner, nullptr, 0);
    // Its new parent reaps it, or it is a zombie for as long as there is none.
    while (look_at(worker).state != 0 && look_at(worker).state != 'Z') {
        std::this_thread::sleep_for(1ms);
    }
    ::close(ends[0]);
    ::close(ends[1]);
}

} // namespace
