// Calls on a cluster: what the tests of all executors, on_cluster_pool.cpp, leave out.

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <hocket/errors.hpp>
#include <hocket/shared_array.hpp>

#include "cluster/cluster_executor.hpp"
#include "cluster/cluster_processes.hpp"
#include "support/message_of.hpp"
#include "support/temporary_folder.hpp"

using namespace hocket;
using namespace std::chrono_literals;

namespace {

int add(int a, int b) { return a + b; }
int process_id() { return ::getpid(); }

/// One executor for all tests of this file, because a cluster takes seconds to start.
class OnCluster : public testing::Test {
protected:
    static void SetUpTestSuite() {
        cluster = new ClusterExecutor({
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

TEST_F(OnCluster, BothWorkersRunCallsAtTheSameTime) {
    const TemporaryFolder folder;
    const std::string place = folder.path();
    const auto first = pool().submit({.timeout = 60s}, meet, place, 2);
    const auto second = pool().submit({.timeout = 60s}, meet, place, 2);
    EXPECT_NE(first.result(), second.result());
}

TEST_F(OnCluster, LargeArgumentsAndResultsCross) {
    std::string large(std::size_t{100} << 20, 'a');
    large[large.size() / 2] = 'b';
    const auto marked = pool().submit(
        [](std::string text) {
            text.front() = 'c';
            return text;
        },
        large);
    large.front() = 'c';
    EXPECT_TRUE(marked.result() == large);
}

TEST_F(OnCluster, AWorkerThatDiesNamesItsNode) {
    const auto dying = pool().submit([] {
        std::fputs("these are my last words\n", stderr);
        std::fflush(stderr);
        ::raise(SIGKILL);
    });
    try {
        dying.result();
        ADD_FAILURE() << "the call survived";
    } catch (const WorkerDied& error) {
        EXPECT_EQ(error.last_words(), "these are my last words");
        EXPECT_THAT(error.what(), testing::HasSubstr("on node "));
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
