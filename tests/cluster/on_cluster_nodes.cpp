// Nodes that die, come back and cannot be reached: on the two nodes that tests/cluster/run.py
// starts.

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <dlfcn.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <hocket/errors.hpp>

#include "cluster/cluster_executor.hpp"
#include "support/temporary_folder.hpp"

using namespace hocket;
using namespace std::chrono_literals;

namespace {

/// Sleeps and returns the process.
int sleep_for(int milliseconds) {
    std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
    return ::getpid();
}

bool run_command(const std::string& command) { return std::system(command.c_str()) == 0; }

/// The network that a worker is in, as the kernel numbers it.
std::string network() {
    char text[64] = {};
    return ::readlink("/proc/self/ns/net", text, sizeof text - 1) > 0 ? text : "";
}

class ClusterNodes : public testing::Test {
protected:
    void SetUp() override {
        if (variable("HOCKET_TEST_SECOND_NODE").empty()) {
            GTEST_SKIP() << "needs the two nodes of tests/cluster/run.py";
        }
    }
    static std::size_t slots(const ClusterExecutor& cluster) {
        std::size_t sum = 0;
        for (const ClusterNode& node : cluster.nodes().result()) {
            sum += node.slots;
        }
        return sum;
    }
    static void wait_for_slots(const ClusterExecutor& cluster, std::size_t wanted) {
        for (int i = 0; i < 600 && slots(cluster) != wanted; ++i) {
            std::this_thread::sleep_for(100ms);
        }
        EXPECT_EQ(slots(cluster), wanted);
    }
};

ClusterTestOptions elastic() {
    ClusterTestOptions options;
    options.max_workers = 0;
    return options;
}

TEST_F(ClusterNodes, BothAreUsed) {
    const ClusterExecutor cluster(elastic());
    wait_for_slots(cluster, 2);
    std::vector<Future<std::string>> networks;
    for (int i = 0; i < 8; ++i) {
        networks.push_back(cluster->submit([] {
            std::this_thread::sleep_for(std::chrono::seconds(1));
            return network();
        }));
    }
    std::set<std::string> different;
    for (const auto& each : networks) {
        different.insert(each.result());
    }
    EXPECT_EQ(different.size(), 2U);
}

TEST_F(ClusterNodes, ANodeThatIsKilledTakesOnlyTheCallsThatRanAndMayComeBack) {
    const ClusterExecutor cluster(elastic());
    wait_for_slots(cluster, 2);
    std::vector<Future<int>> calls;
    for (int i = 0; i < 200; ++i) {
        calls.push_back(cluster->submit(sleep_for, 50));
    }
    calls[20].result();
    ASSERT_TRUE(run_command(variable("HOCKET_TEST_KILL_NODE")));
    int died = 0;
    for (const auto& call : calls) {
        try {
            EXPECT_GT(call.result(), 0);
        } catch (const WorkerDied& error) {
            ++died;
            EXPECT_THAT(error.what(), testing::HasSubstr("on node "));
        }
    }
    EXPECT_LE(died, 2) << "the call that ran, and the one that was sent ahead";
    wait_for_slots(cluster, 1);
    ASSERT_TRUE(run_command(variable("HOCKET_TEST_START_NODE")));
    wait_for_slots(cluster, 2);
    std::vector<Future<std::string>> networks;
    for (int i = 0; i < 40; ++i) {
        networks.push_back(cluster->submit([] {
            std::this_thread::sleep_for(std::chrono::milliseconds(250));
            return network();
        }));
    }
    std::set<std::string> different;
    for (const auto& each : networks) {
        different.insert(each.result());
    }
    EXPECT_EQ(different.size(), 2U) << "the node that has come later is used";
}

TEST_F(ClusterNodes, ALinkThatIsDownForAMomentLosesNothing) {
    const ClusterExecutor cluster(elastic());
    wait_for_slots(cluster, 2);
    std::vector<Future<int>> calls;
    for (int i = 0; i < 100; ++i) {
        calls.push_back(cluster->submit(sleep_for, 50));
    }
    calls[10].result();
    const std::string cable = variable("HOCKET_TEST_CABLE");
    ASSERT_TRUE(run_command(cable + " down"));
    std::this_thread::sleep_for(1s);
    ASSERT_TRUE(run_command(cable + " up"));
    for (const auto& call : calls) {
        EXPECT_GT(call.result(), 0);
    }
}

TEST_F(ClusterNodes, TheOneWithAGpuIsUsedForWorkersThatNeedOne) {
    ClusterTestOptions options = elastic();
    options.resources = {{"GPU", 1}};
    const ClusterExecutor cluster(options);
    wait_for_slots(cluster, 1);
    const auto second = cluster->submit(network).result();
    EXPECT_NE(second, network());
    const auto visible = cluster->submit([] {
        const char* const devices = std::getenv("CUDA_VISIBLE_DEVICES");
        return std::string(devices != nullptr ? devices : "all");
    });
    EXPECT_EQ(visible.result(), is_ray() ? "0" : "all") << "Ray assigns devices, Dask does not";
}

TEST_F(ClusterNodes, ResourcesThatNoNodeHasAreSaid) {
    ClusterTestOptions options = elastic();
    options.resources = {{"no_such_thing", 1}};
    options.connect_timeout = 5s;
    const ClusterExecutor cluster(options);
    try {
        cluster->submit(sleep_for, 1).result();
        ADD_FAILURE() << "the call was made";
    } catch (const BrokenExecutor& error) {
        EXPECT_THAT(error.what(), testing::HasSubstr("no node has room for a worker, which needs"));
        EXPECT_THAT(error.what(), testing::HasSubstr("no_such_thing"));
    }
}

TEST_F(ClusterNodes, GetTheLibrariesThatAreNamed) {
    const TemporaryFolder folder;
    const std::string path = folder.path() / "cluster_plugin.so";
    std::filesystem::copy_file(CLUSTER_PLUGIN, path);
    void* const library = ::dlopen(path.c_str(), RTLD_NOW);
    ASSERT_NE(library, nullptr) << ::dlerror();
    const auto times_three = reinterpret_cast<int (*)(int)>(::dlsym(library, "times_three"));
    ClusterTestOptions options = elastic();
    options.files = {path};
    const ClusterExecutor cluster(options);
    EXPECT_GT(cluster->submit(sleep_for, 1).result(), 0);
    std::filesystem::remove(path); // as if the nodes were other machines
    EXPECT_EQ(cluster->submit(times_three, 14).result(), 42);
}

TEST_F(ClusterNodes, AWrongTokenIsSaid) {
    if (!is_ray()) {
        GTEST_SKIP() << "Dask has no tokens";
    }
    ClusterTestOptions options = elastic();
    options.auth_token = "not-the-token";
    const auto began = std::chrono::steady_clock::now();
    const ClusterExecutor cluster(options);
    try {
        cluster->submit(sleep_for, 1).result();
        ADD_FAILURE() << "the call was made";
    } catch (const BrokenExecutor& error) {
        EXPECT_THAT(error.what(), testing::HasSubstr("set the option .auth_token"));
    }
    EXPECT_LT(std::chrono::steady_clock::now() - began, 11s);
}

TEST_F(ClusterNodes, AnOwnerThatWorkersCannotReachIsSaid) {
    ClusterTestOptions options = elastic();
    options.host = "10.99.0.1:7100"; // where nobody is
    const ClusterExecutor cluster(options);
    try {
        cluster->submit(sleep_for, 1).result();
        ADD_FAILURE() << "the call was made";
    } catch (const BrokenExecutor& error) {
        EXPECT_THAT(error.what(),
                    testing::HasSubstr("cannot connect to the program at 10.99.0.1:7100"));
        EXPECT_THAT(error.what(), testing::HasSubstr("The option .host"));
    }
}

// The last one, because the cluster is useless afterwards.
TEST_F(ClusterNodes, WithoutTheirHeadTheExecutorIsBroken) {
    const ClusterExecutor cluster(elastic());
    EXPECT_GT(cluster->submit(sleep_for, 1).result(), 0);
    ASSERT_TRUE(run_command(variable("HOCKET_TEST_KILL_HEAD")));
    const auto began = std::chrono::steady_clock::now();
    try {
        while (std::chrono::steady_clock::now() - began < 60s) {
            try {
                cluster->submit(sleep_for, 10).result();
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
