// Calls on a cluster, as on a pool of processes.

#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <numeric>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <hocket/errors.hpp>
#include <hocket/run.hpp>
#include <hocket/shared_array.hpp>

#include "cluster/cluster_executor.hpp"

using namespace hocket;
using namespace std::chrono_literals;

namespace {

int add(int a, int b) { return a + b; }
int process_id() { return ::getpid(); }
int initialised = 0;

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

/// One executor for all tests of this file, because a cluster takes seconds to start.
class OnCluster : public testing::Test {
protected:
    static void SetUpTestSuite() {
        cluster = new ClusterExecutor({
            .initializer = [] { initialised = 7; },
            .on_output =
                [](int, bool is_error, std::string_view line) {
                    const std::scoped_lock lock(mutex);
                    lines.push_back((is_error ? "stderr: " : "stdout: ") + std::string(line));
                },
        });
    }
    static void TearDownTestSuite() {
        delete cluster;
        cluster = nullptr;
    }
    static RemoteExecutor& pool() { return **cluster; }

    inline static ClusterExecutor* cluster = nullptr;
    inline static std::mutex mutex;
    inline static std::vector<std::string> lines;
};

TEST_F(OnCluster, CallAFunction) {
    EXPECT_EQ(pool().submit(add, 20, 22).result(), 42);
    EXPECT_NE(pool().submit(process_id).result(), ::getpid());
}

TEST_F(OnCluster, CallALambdaAndAFunctionOfALibrary) {
    EXPECT_EQ(pool().submit([](int x) { return 2 * x; }, 4).result(), 8);
    EXPECT_GT(pool().submit(&::getpid).result(), 0);
}

TEST_F(OnCluster, TasksAwaitCalls) {
    const auto sum = []() -> Coro<int> {
        auto first = pool().submit(add, 1, 2);
        auto second = pool().submit(add, 3, 4);
        const int a = co_await std::move(first);
        const int b = co_await std::move(second);
        co_return a + b;
    };
    EXPECT_EQ(run(sum), 10);
}

TEST_F(OnCluster, MapReturnsResultsInOrder) {
    std::vector<int> input(1000);
    std::iota(input.begin(), input.end(), 0);
    std::vector<int> squares;
    for (const int square : pool().map([](int x) { return x * x; }, input, {.chunksize = 10})) {
        squares.push_back(square);
    }
    ASSERT_EQ(squares.size(), input.size());
    EXPECT_EQ(squares[999], 999 * 999);
    EXPECT_TRUE(std::ranges::is_sorted(squares));
}

TEST_F(OnCluster, ExceptionsCrossWithTheirType) {
    const auto failing = pool().submit(
        [](const std::string& why) -> int { throw std::out_of_range(why); }, "the shelf is empty");
    EXPECT_EQ(message_of([&] { failing.result(); }), "the shelf is empty");
    EXPECT_THROW(failing.result(), std::out_of_range);
}

TEST_F(OnCluster, TheInitializerRunsInEachWorker) {
    std::vector<Future<int>> values;
    for (int i = 0; i < 10; ++i) {
        values.push_back(pool().submit([] { return initialised; }));
    }
    for (const auto& value : values) {
        EXPECT_EQ(value.result(), 7);
    }
    EXPECT_EQ(initialised, 0);
}

TEST_F(OnCluster, ManyCallsReturnEachItsOwnResult) {
    std::vector<Future<int>> results;
    for (int i = 0; i < 5000; ++i) {
        results.push_back(pool().submit(add, i, i));
    }
    for (int i = 0; i < 5000; ++i) {
        ASSERT_EQ(results[static_cast<std::size_t>(i)].result(), 2 * i);
    }
}

TEST_F(OnCluster, BothWorkersRunCallsAtTheSameTime) {
    std::vector<Future<int>> processes;
    for (int i = 0; i < 2; ++i) {
        processes.push_back(pool().submit([] {
            std::this_thread::sleep_for(std::chrono::seconds(2)); // until the other one has started
            return static_cast<int>(::getpid());
        }));
    }
    EXPECT_NE(processes[0].result(), processes[1].result());
}

TEST_F(OnCluster, LargeArgumentsAndResultsCross) {
    std::string large(std::size_t{100} << 20, 'a');
    std::iota(large.begin(), large.end(), '\0');
    const auto reversed = pool().submit(
        [](std::string text) {
            std::ranges::reverse(text);
            return text;
        },
        large);
    std::ranges::reverse(large);
    EXPECT_TRUE(reversed.result() == large);
}

TEST_F(OnCluster, ACallThatRunsCanBeCancelled) {
    auto endless = pool().submit(sleep_for, 600'000);
    while (!endless.running()) {
        std::this_thread::sleep_for(1ms);
    }
    EXPECT_TRUE(endless.cancel());
    EXPECT_THROW(endless.result(), CancelledError);
    EXPECT_EQ(pool().submit(add, 1, 1).result(), 2);
}

TEST_F(OnCluster, ACallMayHaveADeadline) {
    const auto late = pool().submit(SubmitOptions{.timeout = 200ms}, sleep_for, 600'000);
    EXPECT_THROW(late.result(), TimeoutError);
    EXPECT_EQ(pool().submit(add, 1, 1).result(), 2);
}

TEST_F(OnCluster, AWorkerThatDiesTakesOneCallWithIt) {
    std::vector<Future<int>> others;
    for (int i = 0; i < 50; ++i) {
        others.push_back(pool().submit(add, i, 0));
    }
    const auto dying = pool().submit(SubmitOptions{.name = "the deadly one"}, [] {
        std::fputs("these are my last words\n", stderr);
        std::fflush(stderr);
        ::raise(SIGKILL);
    });
    for (int i = 50; i < 100; ++i) {
        others.push_back(pool().submit(add, i, 0));
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
        EXPECT_EQ(error.last_words(), "these are my last words");
        EXPECT_THAT(error.what(), testing::HasSubstr("on node "));
        EXPECT_THAT(error.what(), testing::HasSubstr("was ended by SIGKILL"));
        EXPECT_THAT(error.what(), testing::HasSubstr("while running 'the deadly one'"));
    }
}

TEST_F(OnCluster, OutputOfWorkersComesBack) {
    pool()
        .submit([] {
            std::puts("a line");
            std::fputs("an error\n", stderr);
        })
        .result();
    const auto has = [](const std::string& line) {
        const std::scoped_lock lock(mutex);
        return std::ranges::find(lines, line) != lines.end();
    };
    for (int i = 0; i < 500 && (!has("stdout: a line") || !has("stderr: an error")); ++i) {
        std::this_thread::sleep_for(10ms);
    }
    EXPECT_TRUE(has("stdout: a line"));
    EXPECT_TRUE(has("stderr: an error"));
}

TEST_F(OnCluster, SharedMemoryIsRefused) {
    const SharedArray<int> array(10);
    const auto first = [](const SharedArray<int>& numbers) { return numbers[0]; };
    EXPECT_THAT(message_of([&] { pool().submit(first, array).result(); }),
                testing::HasSubstr("shared memory, pipes and locks cannot be passed"));
}

TEST_F(OnCluster, NodesTellsWhatThereIs) {
    const auto nodes = cluster->nodes().result();
    ASSERT_FALSE(nodes.empty());
    std::size_t slots = 0;
    for (const ClusterNode& node : nodes) {
        EXPECT_NE(node.address, "");
        EXPECT_NE(node.name, "");
        EXPECT_FALSE(node.resources.empty());
        slots += node.slots;
    }
    EXPECT_EQ(slots, 2U);
}

TEST_F(OnCluster, StatsCountWorkersAndCalls) {
    pool().submit(add, 1, 1).result();
    const PoolStats stats = pool().stats();
    EXPECT_EQ(stats.max_workers, 2U);
    EXPECT_GE(stats.workers, 1U);
    EXPECT_GE(stats.completed, 1U);
}

} // namespace
