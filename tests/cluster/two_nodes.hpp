#pragma once

#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#include <unistd.h>

#include <gtest/gtest.h>

#include "cluster/cluster_executor.hpp"
#include "cluster/cluster_processes.hpp"

/// Runs one of the commands of tests/cluster/run.py.
inline bool run_command(const std::string& command) { return std::system(command.c_str()) == 0; }

/// The network that a worker is in, as the kernel numbers it.
inline std::string network() {
    char text[64] = {};
    return ::readlink("/proc/self/ns/net", text, sizeof text - 1) > 0 ? text : "";
}

/// Waits until as many such calls run in other workers, and then for a file "go" beside the folder
/// in which they meet.
inline std::string meet_and_wait(const std::string& folder, int calls) {
    meet(folder, calls);
    while (!std::filesystem::exists(folder + ".go")) {
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return network();
}

/// Waits until so many calls of `meet_and_wait` run.
inline void wait_for_calls(const std::string& folder, int calls) {
    wait_until(
        [&] { return std::distance(std::filesystem::directory_iterator(folder), {}) >= calls; },
        "that " + std::to_string(calls) + " calls run");
}
inline void let_go(const std::string& folder) { std::ofstream(folder + ".go"); }

/// Options for as many workers as the cluster has room for.
inline ClusterTestOptions elastic() {
    ClusterTestOptions options;
    options.max_workers = 0;
    return options;
}

/// A test that needs the two nodes of tests/cluster/run.py.
class TwoNodes : public testing::Test {
protected:
    void SetUp() override {
        if (variable("HOCKET_TEST_SECOND_NODE").empty()) {
            GTEST_SKIP() << "needs the two nodes of tests/cluster/run.py";
        }
        std::filesystem::create_directory(place);
    }
    static void wait_for_slots(const ClusterExecutor& cluster, std::size_t wanted) {
        for (int i = 0; i < 600 && slots(cluster) != wanted; ++i) {
            std::this_thread::sleep_for(std::chrono::milliseconds(100));
        }
        EXPECT_EQ(slots(cluster), wanted);
    }

    const TemporaryFolder folder;
    const std::string place = folder.path() / "place"; // where calls meet

private:
    static std::size_t slots(const ClusterExecutor& cluster) {
        std::size_t sum = 0;
        for (const hocket::ClusterNode& node : cluster.nodes().result()) {
            sum += node.slots;
        }
        return sum;
    }
};
