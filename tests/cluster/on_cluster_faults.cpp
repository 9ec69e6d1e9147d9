// How executors on a cluster end, whoever ends first.

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <hocket/engine/socket_address.hpp>
#include <hocket/errors.hpp>

#include "cluster/cluster_executor.hpp"
#include "cluster/cluster_processes.hpp"
#include "support/message_of.hpp"
#include "support/temporary_folder.hpp"

using namespace hocket;
using namespace std::chrono_literals;

namespace {

int add(int a, int b) { return a + b; }

int sleep_for(int milliseconds) {
    std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
    return milliseconds;
}

/// An executor whose processes can be found.
ClusterTestOptions findable(const ClusterProcesses& processes) {
    ClusterTestOptions options;
    options.files = {processes.file()};
    return options;
}

TEST(ClusterFaults, NothingIsLeftAfterTheShutdown) {
    const ClusterProcesses processes;
    {
        const ClusterExecutor cluster(findable(processes));
        EXPECT_EQ(cluster->submit(add, 1, 2).result(), 3);
        EXPECT_FALSE(processes.running().empty());
        cluster->shutdown();
        EXPECT_THROW(cluster->submit(add, 1, 2), RuntimeError);
    }
    EXPECT_THAT(processes.left_after(3s), testing::IsEmpty());
}

/// Kills the bridge, or another process of it.
void kill_bridge(std::size_t which) {
    const ClusterProcesses processes;
    const ClusterExecutor cluster(findable(processes));
    EXPECT_EQ(cluster->submit(add, 1, 2).result(), 3);
    const auto bridges = find_bridges();
    if (bridges.size() <= which) {
        GTEST_SKIP() << "only clusters on this machine have a guard";
    }
    const auto running = cluster->submit(sleep_for, 600'000);
    const auto began = std::chrono::steady_clock::now();
    ::kill(bridges[which], SIGKILL);
    EXPECT_THAT(message_of([&] { running.result(); }),
                testing::HasSubstr(
                    "cannot be used: the Python process that had joined it was ended by SIGKILL"));
    EXPECT_LT(std::chrono::steady_clock::now() - began, 2s);
    EXPECT_THROW(cluster->submit(add, 1, 2), BrokenExecutor);
    EXPECT_THAT(processes.left_after(3s), testing::IsEmpty());
}

TEST(ClusterFaults, ABridgeThatIsKilledBreaksTheExecutor) { kill_bridge(0); }
TEST(ClusterFaults, ABridgeWhoseGuardIsThereMayBeKilledToo) { kill_bridge(1); }

TEST(ClusterFaults, KillWorkersEndsCallsAtOnce) {
    const ClusterProcesses processes;
    {
        const ClusterExecutor cluster(findable(processes));
        EXPECT_EQ(cluster->submit(add, 1, 2).result(), 3);
        const auto running = cluster->submit(sleep_for, 600'000);
        wait_until([&] { return running.running(); }, "that the call runs");
        cluster->kill_workers();
        EXPECT_THROW(running.result(), WorkerDied);
    }
    EXPECT_THAT(processes.left_after(3s), testing::IsEmpty());
}

// Not a test, but the program of the next one.
TEST(ClusterFaults, DISABLED_OwnerThatIsKilled) {
    ClusterTestOptions options;
    options.files = {variable("HOCKET_TEST_FILE")};
    const ClusterExecutor cluster(options);
    const auto running = cluster->submit(sleep_for, 600'000);
    EXPECT_EQ(cluster->submit(add, 1, 2).result(), 3);
    std::ofstream(variable("HOCKET_TEST_SIGN"));
    running.result();
}

TEST(ClusterFaults, NothingIsLeftAfterItsOwnerWasKilled) {
    const ClusterProcesses processes;
    const TemporaryFolder folder;
    const std::string sign = folder.path() / "sign";
    ::setenv("HOCKET_TEST_SIGN", sign.c_str(), 1);
    ::setenv("HOCKET_TEST_FILE", processes.file().c_str(), 1);
    const pid_t owner = ::fork();
    if (owner == 0) {
        ::execl("/proc/self/exe", "owner", "--gtest_also_run_disabled_tests",
                "--gtest_filter=*DISABLED_OwnerThatIsKilled", nullptr);
        ::_exit(127);
    }
    wait_until([&] { return std::filesystem::exists(sign); }, "that the owner has made a call");
    EXPECT_GE(processes.running().size(), 3U); // the owner, its bridge, workers
    ::kill(owner, SIGKILL);
    ::waitpid(owner, nullptr, 0);
    EXPECT_THAT(processes.left_after(3s), testing::IsEmpty());
}

TEST(ClusterFaults, AnAddressThatRefusesIsSaid) {
    ClusterTestOptions options;
    options.address = is_ray() ? "127.0.0.1:1" : "tcp://127.0.0.1:1";
    const ClusterExecutor cluster(options);
    EXPECT_THAT(message_of([&] { cluster->submit(add, 1, 2).result(); }),
                testing::HasSubstr("nothing answers at " + options.address));
}

TEST(ClusterFaults, AnAddressThatAcceptsAndNeverAnswersIsGivenUp) {
    const int silent = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const auto address = *engine::SocketAddress::from_ip("127.0.0.1", 0);
    ASSERT_EQ(::bind(silent, address.native(), address.native_size()), 0);
    ASSERT_EQ(::listen(silent, 10), 0);
    ClusterTestOptions options;
    options.address = (is_ray() ? "127.0.0.1:" : "tcp://127.0.0.1:") +
                      std::to_string(engine::SocketAddress::local_of(silent).port());
    options.connect_timeout = 3s;
    const ClusterProcesses processes;
    const auto began = std::chrono::steady_clock::now();
    {
        const ClusterExecutor cluster(options);
        EXPECT_THROW(cluster->submit(add, 1, 2).result(), BrokenExecutor);
        EXPECT_LT(std::chrono::steady_clock::now() - began, 4s);
    }
    EXPECT_LT(std::chrono::steady_clock::now() - began, 5s);
    EXPECT_THAT(processes.left_after(3s), testing::IsEmpty());
    ::close(silent);
}

TEST(ClusterFaults, AFunctionThatIsInNoFileIsRefused) {
    void* const page = ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
                              MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ASSERT_NE(page, MAP_FAILED);
    ClusterTestOptions options;
    options.address = is_ray() ? "127.0.0.1:1" : "tcp://127.0.0.1:1";
    const ClusterExecutor cluster(options);
    EXPECT_THROW(cluster->submit(reinterpret_cast<int (*)(int, int)>(page), 1, 2), ValueError);
    ::munmap(page, 4096);
}

} // namespace
