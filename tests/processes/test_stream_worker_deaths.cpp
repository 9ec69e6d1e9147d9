// How workers behind streams end, and what becomes of their calls. test_remote_pools has the tests
// that hold for other executors, too.

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

#include <gtest/gtest.h>

#include <hocket/errors.hpp>

#include "support/start_methods.hpp"
#include "support/stream_pool.hpp"
#include "support/temporary_folder.hpp"

using namespace hocket;
using namespace std::chrono_literals;

namespace {

int add(int a, int b) { return a + b; }

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
