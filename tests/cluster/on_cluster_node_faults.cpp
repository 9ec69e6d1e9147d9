// Nodes that die, come back and cannot be reached, and what is wrong on a node.

#include <chrono>
#include <filesystem>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <hocket/errors.hpp>

#include "cluster/two_nodes.hpp"
#include "support/message_of.hpp"

using namespace hocket;
using namespace std::chrono_literals;

namespace {

using NodeFaults = TwoNodes;
using Time = std::chrono::steady_clock::time_point;

void nap() { std::this_thread::sleep_for(50ms); }

/// How many of the calls failed because their worker died. The others must succeed.
template <class R> int count_deaths(const std::vector<Future<R>>& calls) {
    int died = 0;
    for (const auto& call : calls) {
        try {
            call.result();
        } catch (const WorkerDied& error) {
            ++died;
            EXPECT_THAT(error.what(), testing::HasSubstr("on node second-node"));
        }
    }
    return died;
}

TEST_F(NodeFaults, ANodeThatIsKilledTakesOnlyTheCallsThatRanAndMayComeBack) {
    const ClusterExecutor cluster(elastic());
    wait_for_slots(cluster, 2);
    std::vector<Future<std::string>> running;
    for (int i = 0; i < 2; ++i) {
        running.push_back(cluster->submit({.timeout = 120s}, meet_and_wait, place, 2));
    }
    wait_for_calls(place, 2);
    std::vector<Future<void>> waiting;
    std::mutex mutex;
    Time last;
    for (int i = 0; i < 20; ++i) {
        waiting.push_back(cluster->submit(nap));
        waiting.back().add_done_callback([&] {
            const std::scoped_lock lock(mutex);
            last = std::chrono::steady_clock::now();
        });
    }
    ASSERT_TRUE(run_command(variable("HOCKET_TEST_KILL_NODE")));
    wait_until([&] { return running[0].done() || running[1].done(); }, "the news");
    const Time news = std::chrono::steady_clock::now();
    let_go(place);
    EXPECT_EQ(count_deaths(running), 1);
    EXPECT_LE(count_deaths(waiting), 1) << "one that was sent ahead may have run";
    EXPECT_LT(last - news, 2s) << "20 calls of 50 ms, on the other node";
    wait_for_slots(cluster, 1);
    ASSERT_TRUE(run_command(variable("HOCKET_TEST_START_NODE")));
    wait_for_slots(cluster, 2);
    std::filesystem::remove_all(place);
    std::filesystem::create_directory(place);
    const auto first = cluster->submit({.timeout = 60s}, meet_and_wait, place, 2);
    const auto second = cluster->submit({.timeout = 60s}, meet_and_wait, place, 2);
    EXPECT_NE(first.result(), second.result()) << "the node that has come later is used";
}

TEST_F(NodeFaults, WithoutAnyNodeThatHasRoomCallsWaitForOne) {
    ClusterTestOptions options = elastic();
    options.resources = {{"GPU", 1}}; // the second node
    const ClusterExecutor cluster(options);
    wait_for_slots(cluster, 1);
    const std::vector running{cluster->submit({.timeout = 120s}, meet_and_wait, place, 1)};
    wait_for_calls(place, 1);
    std::vector<Future<void>> waiting;
    for (int i = 0; i < 10; ++i) {
        waiting.push_back(cluster->submit(nap));
    }
    ASSERT_TRUE(run_command(variable("HOCKET_TEST_KILL_NODE")));
    EXPECT_EQ(count_deaths(running), 1);
    wait_for_slots(cluster, 0);
    EXPECT_FALSE(waiting.back().done());
    ASSERT_TRUE(run_command(variable("HOCKET_TEST_START_NODE")));
    EXPECT_LE(count_deaths(waiting), 1) << "one that was sent ahead may have run";
    wait_for_slots(cluster, 1);
}

TEST_F(NodeFaults, ALinkThatIsDownForAMomentLosesNothing) {
    const ClusterExecutor cluster(elastic());
    wait_for_slots(cluster, 2);
    std::vector<Future<void>> calls;
    for (int i = 0; i < 100; ++i) {
        calls.push_back(cluster->submit(nap));
    }
    calls[10].result();
    const std::string cable = variable("HOCKET_TEST_CABLE");
    ASSERT_TRUE(run_command(cable + " down"));
    std::this_thread::sleep_for(1s); // how long it is down
    ASSERT_TRUE(run_command(cable + " up"));
    EXPECT_EQ(count_deaths(calls), 0);
}

TEST_F(NodeFaults, ALinkThatStaysDownCostsTheCallsBehindIt) {
    const ClusterExecutor cluster(elastic());
    wait_for_slots(cluster, 2);
    std::vector<Future<std::string>> running;
    for (int i = 0; i < 2; ++i) {
        running.push_back(cluster->submit({.timeout = 120s}, meet_and_wait, place, 2));
    }
    wait_for_calls(place, 2);
    std::vector<Future<void>> waiting;
    for (int i = 0; i < 10; ++i) {
        waiting.push_back(cluster->submit(nap));
    }
    const std::string cable = variable("HOCKET_TEST_CABLE");
    ASSERT_TRUE(run_command(cable + " down"));
    const auto began = std::chrono::steady_clock::now();
    wait_until([&] { return running[0].done() || running[1].done(); }, "the news");
    EXPECT_LT(std::chrono::steady_clock::now() - began, 40s);
    let_go(place);
    EXPECT_EQ(count_deaths(running), 1);
    EXPECT_LE(count_deaths(waiting), 1) << "one that was sent ahead may have run";
    // The engine may have given the node up meanwhile, which does not come back then.
    ASSERT_TRUE(run_command(variable("HOCKET_TEST_KILL_NODE")));
    ASSERT_TRUE(run_command(cable + " up"));
    wait_for_slots(cluster, 1);
    ASSERT_TRUE(run_command(variable("HOCKET_TEST_START_NODE")));
    wait_for_slots(cluster, 2);
}

// The program of an executor is at the node, but somebody has put another one in its place.
TEST_F(NodeFaults, AWorkerOfAnotherBuildIsRefused) {
    const ClusterProcesses processes;
    ClusterTestOptions options = elastic();
    options.files = {processes.file()};
    {
        const ClusterExecutor cluster(options);
        cluster->submit(nap).result();
    }
    const std::filesystem::path program = processes.program_folder() + "/program";
    ASSERT_TRUE(std::filesystem::exists(program));
    std::filesystem::remove(program);
    std::filesystem::copy_file(CLUSTER_STALE_PROGRAM, program);
    const ClusterExecutor cluster(options);
    const std::string why = message_of([&] { cluster->submit(nap).result(); });
    EXPECT_THAT(why, testing::HasSubstr("is another build of the program: its build id is "));
    EXPECT_THAT(why, testing::HasSubstr("was the program rebuilt?"));
    EXPECT_THROW(cluster->submit(nap), BrokenExecutor);
}

TEST_F(NodeFaults, AFullObjectStoreKeepsNoCall) {
    if (!is_ray()) {
        GTEST_SKIP() << "Dask has no object store";
    }
    const std::string sign = folder.path() / "is-full"; // it stays full until this is removed
    ASSERT_TRUE(run_command(variable("HOCKET_TEST_FILL_STORE") + " " + sign + " &"));
    wait_until([&] { return std::filesystem::exists(sign); }, "that the store is full");
    const ClusterProcesses processes;
    ClusterTestOptions options = elastic();
    options.files = {processes.file()}; // so that the nodes must get the program through the store
    const ClusterExecutor cluster(options);
    const auto mark = [](std::string text) {
        text.front() = 'b';
        return text;
    };
    const std::string large(std::size_t{150} << 20, 'a'); // more than the store has
    EXPECT_TRUE(cluster->submit(mark, large).result() == "b" + large.substr(1));
}

} // namespace
