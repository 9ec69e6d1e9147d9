// Clusters that end. tests/cluster/run.py starts one for each of these tests.

#include <chrono>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <hocket/errors.hpp>

#include "cluster/two_nodes.hpp"

using namespace hocket;
using namespace std::chrono_literals;

namespace {

using ClusterEnds = TwoNodes;

int add(int a, int b) { return a + b; }

TEST_F(ClusterEnds, EveryNodeIsKilled) {
    const ClusterExecutor cluster(elastic());
    wait_for_slots(cluster, 2);
    std::vector<Future<std::string>> running;
    for (int i = 0; i < 2; ++i) {
        running.push_back(cluster->submit({.timeout = 120s}, meet_and_wait, place, 2));
    }
    wait_for_calls(place, 2);
    std::vector<Future<int>> waiting;
    for (int i = 0; i < 20; ++i) {
        waiting.push_back(cluster->submit(add, i, i));
    }
    ASSERT_TRUE(run_command(variable("HOCKET_TEST_KILL_NODE")));
    ASSERT_TRUE(run_command(variable("HOCKET_TEST_KILL_FIRST_NODE")));
    const auto began = std::chrono::steady_clock::now();
    for (const auto& call : running) {
        try {
            call.result();
            ADD_FAILURE() << "the call survived";
        } catch (const WorkerDied& error) {
            EXPECT_THAT(error.what(), testing::HasSubstr("on node "));
        } catch (const BrokenExecutor&) { // Ray's drivers end with the node that they are on
            EXPECT_TRUE(is_ray());
        }
    }
    if (!is_ray()) {
        wait_for_slots(cluster, 0);
        ASSERT_TRUE(run_command(variable("HOCKET_TEST_START_NODE")));
    }
    int succeeded = 0;
    for (std::size_t i = 0; i < waiting.size(); ++i) {
        try {
            EXPECT_EQ(waiting[i].result(), static_cast<int>(2 * i));
            ++succeeded;
        } catch (const WorkerDied&) { // one for each worker may have been sent ahead
        } catch (const BrokenExecutor& error) {
            EXPECT_THAT(error.what(), testing::HasSubstr("cannot be used"));
        }
    }
    EXPECT_LT(std::chrono::steady_clock::now() - began, 60s);
    if (is_ray()) {
        EXPECT_EQ(succeeded, 0);
        EXPECT_THROW(cluster->submit(add, 1, 2), BrokenExecutor);
    } else {
        EXPECT_GE(succeeded, 18) << "a node that comes later makes the calls that waited";
    }
}

TEST_F(ClusterEnds, TheHeadIsKilled) {
    const ClusterExecutor cluster(elastic());
    EXPECT_EQ(cluster->submit(add, 1, 2).result(), 3);
    ASSERT_TRUE(run_command(variable("HOCKET_TEST_KILL_HEAD")));
    const auto began = std::chrono::steady_clock::now();
    try {
        while (std::chrono::steady_clock::now() - began < 60s) {
            try {
                cluster->submit(add, 1, 2).result();
            } catch (const WorkerDied&) { // Ray ends its actors before the bridge notices
            }
        }
        ADD_FAILURE() << "calls are still made";
    } catch (const BrokenExecutor& error) {
        EXPECT_THAT(error.what(), testing::HasSubstr("cannot be used"));
        EXPECT_LT(std::chrono::steady_clock::now() - began, 30s);
    }
}

} // namespace
