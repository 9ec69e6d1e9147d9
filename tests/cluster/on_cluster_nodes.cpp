// What nodes have, and which of them are used: on the two nodes that tests/cluster/run.py starts.

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <string>

#include <dlfcn.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <hocket/errors.hpp>

#include "cluster/two_nodes.hpp"
#include "support/message_of.hpp"

using namespace hocket;
using namespace std::chrono_literals;

namespace {

using ClusterNodes = TwoNodes;

int add(int a, int b) { return a + b; }

TEST_F(ClusterNodes, BothAreUsed) {
    const ClusterExecutor cluster(elastic());
    let_go(place);
    const auto first = cluster->submit({.timeout = 60s}, meet_and_wait, place, 2);
    const auto second = cluster->submit({.timeout = 60s}, meet_and_wait, place, 2);
    EXPECT_NE(first.result(), second.result());
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
    const std::string why = message_of([&] { cluster->submit(add, 1, 2).result(); });
    EXPECT_THAT(why, testing::HasSubstr("no node has room for a worker, which needs"));
    EXPECT_THAT(why, testing::HasSubstr("no_such_thing"));
}

TEST_F(ClusterNodes, GetTheLibrariesThatAreNamed) {
    const std::string path = folder.path() / "cluster_plugin.so";
    std::filesystem::copy_file(CLUSTER_PLUGIN, path);
    void* const library = ::dlopen(path.c_str(), RTLD_NOW);
    ASSERT_NE(library, nullptr) << ::dlerror();
    const auto times_three = reinterpret_cast<int (*)(int)>(::dlsym(library, "times_three"));
    ClusterTestOptions options = elastic();
    options.files = {path};
    const ClusterExecutor cluster(options);
    EXPECT_EQ(cluster->submit(add, 1, 2).result(), 3);
    std::filesystem::remove(path); // as if the nodes were other machines
    EXPECT_EQ(cluster->submit(times_three, 14).result(), 42);
}

TEST_F(ClusterNodes, AWrongTokenIsSaid) {
    if (!is_ray()) {
        GTEST_SKIP() << "Dask has no tokens";
    }
    ClusterTestOptions options = elastic();
    options.auth_token = "not-the-token";
    options.connect_timeout = 10s;
    const auto began = std::chrono::steady_clock::now();
    const ClusterExecutor cluster(options);
    const std::string why = message_of([&] { cluster->submit(add, 1, 2).result(); });
    EXPECT_THAT(why, testing::HasSubstr("set the option .auth_token"));
    EXPECT_LT(std::chrono::steady_clock::now() - began, 11s);
}

TEST_F(ClusterNodes, AnOwnerThatWorkersCannotReachIsSaid) {
    ClusterTestOptions options = elastic();
    options.host = "10.99.0.1:7100"; // where nobody is
    options.connect_timeout = 10s;
    const ClusterExecutor cluster(options);
    const std::string why = message_of([&] { cluster->submit(add, 1, 2).result(); });
    EXPECT_THAT(why, testing::HasSubstr("cannot connect to the program at 10.99.0.1:7100"));
    EXPECT_THAT(why, testing::HasSubstr("The option .host"));
}

} // namespace
