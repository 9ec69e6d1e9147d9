// How executors on a cluster end, whoever ends first. Each test has a cluster of its own on this
// machine.

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <hocket/engine/socket_address.hpp>
#include <hocket/errors.hpp>

#include "cluster/cluster_executor.hpp"
#include "support/temporary_folder.hpp"

using namespace hocket;
using namespace std::chrono_literals;

namespace {

int add(int a, int b) { return a + b; }

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

std::string content_of(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

/// A variable that all processes inherit which are started while this exists.
class Mark {
public:
    Mark() { ::setenv("HOCKET_TEST_MARK", text_.c_str(), 1); }
    ~Mark() { ::unsetenv("HOCKET_TEST_MARK"); }

    /// The other processes with the mark, as "pid command".
    [[nodiscard]] std::vector<std::string> processes() const {
        std::vector<std::string> found;
        for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
            const std::string pid = entry.path().filename();
            if (pid.find_first_not_of("0123456789") == std::string::npos &&
                pid != std::to_string(::getpid()) &&
                content_of(entry.path() / "environ").find("HOCKET_TEST_MARK=" + text_) !=
                    std::string::npos) {
                std::string command = content_of(entry.path() / "cmdline");
                std::ranges::replace(command, '\0', ' ');
                found.push_back(pid + " " + command.substr(0, 100));
            }
        }
        return found;
    }
    /// Waits until there are none; returns those that are left after that time.
    [[nodiscard]] std::vector<std::string> left_after(std::chrono::milliseconds time) const {
        const auto end = std::chrono::steady_clock::now() + time;
        while (std::chrono::steady_clock::now() < end && !processes().empty()) {
            std::this_thread::sleep_for(20ms);
        }
        return processes();
    }

private:
    const std::string text_ = std::to_string(::getpid()) + "-" + std::to_string(::rand());
};

/// The Python process of the executor that this process has.
pid_t find_bridge() {
    for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
        const std::string pid = entry.path().filename();
        if (pid.find_first_not_of("0123456789") == std::string::npos &&
            content_of(entry.path() / "cmdline").find("hocket bridge") != std::string::npos &&
            content_of(entry.path() / "status")
                    .find("PPid:\t" + std::to_string(::getpid()) + "\n") != std::string::npos) {
            return std::stoi(pid);
        }
    }
    return 0;
}

ClusterTestOptions local() {
    ClusterTestOptions options;
    options.address = "";
    return options;
}

TEST(ClusterFaults, NothingIsLeftAfterTheShutdown) {
    const Mark mark;
    {
        const ClusterExecutor cluster(local());
        EXPECT_EQ(cluster->submit(add, 1, 2).result(), 3);
        EXPECT_FALSE(mark.processes().empty());
        cluster->shutdown();
        EXPECT_THROW(cluster->submit(add, 1, 2), RuntimeError);
    }
    EXPECT_THAT(mark.left_after(3s), testing::IsEmpty());
}

TEST(ClusterFaults, ABridgeThatIsKilledBreaksTheExecutor) {
    const Mark mark;
    const ClusterExecutor cluster(local());
    EXPECT_EQ(cluster->submit(add, 1, 2).result(), 3);
    const auto running = cluster->submit(sleep_for, 600'000);
    const auto began = std::chrono::steady_clock::now();
    const pid_t bridge = find_bridge();
    ASSERT_GT(bridge, 0);
    ::kill(bridge, SIGKILL);
    const std::string why = message_of([&] { running.result(); });
    EXPECT_THAT(why,
                testing::HasSubstr("cluster on this machine cannot be used: the Python process "
                                   "that had joined it was ended by SIGKILL"));
    EXPECT_LT(std::chrono::steady_clock::now() - began, 2s);
    EXPECT_THROW(cluster->submit(add, 1, 2), BrokenExecutor);
    EXPECT_THAT(mark.left_after(3s), testing::IsEmpty());
}

TEST(ClusterFaults, KillWorkersEndsCallsAtOnce) {
    const Mark mark;
    {
        const ClusterExecutor cluster(local());
        EXPECT_EQ(cluster->submit(add, 1, 2).result(), 3);
        const auto running = cluster->submit(sleep_for, 600'000);
        while (!running.running()) {
            std::this_thread::sleep_for(1ms);
        }
        cluster->kill_workers();
        EXPECT_THROW(running.result(), WorkerDied);
    }
    EXPECT_THAT(mark.left_after(3s), testing::IsEmpty());
}

// Not a test, but the program of the next one.
TEST(ClusterFaults, DISABLED_OwnerThatIsKilled) {
    const ClusterExecutor cluster(local());
    const auto running = cluster->submit(sleep_for, 600'000);
    EXPECT_EQ(cluster->submit(add, 1, 2).result(), 3);
    std::ofstream(variable("HOCKET_TEST_SIGN"));
    running.result();
}

TEST(ClusterFaults, NothingIsLeftAfterItsOwnerWasKilled) {
    const Mark mark;
    const TemporaryFolder folder;
    const std::string sign = folder.path() / "sign";
    ::setenv("HOCKET_TEST_SIGN", sign.c_str(), 1);
    const pid_t owner = ::fork();
    if (owner == 0) {
        ::execl("/proc/self/exe", "owner", "--gtest_also_run_disabled_tests",
                "--gtest_filter=*DISABLED_OwnerThatIsKilled", nullptr);
        ::_exit(127);
    }
    for (int i = 0; i < 6000 && !std::filesystem::exists(sign); ++i) {
        std::this_thread::sleep_for(10ms);
    }
    ASSERT_TRUE(std::filesystem::exists(sign));
    EXPECT_GE(mark.processes().size(), 3U); // the owner, its bridge, workers
    ::kill(owner, SIGKILL);
    ::waitpid(owner, nullptr, 0);
    EXPECT_THAT(mark.left_after(3s), testing::IsEmpty());
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
    const Mark mark;
    const auto began = std::chrono::steady_clock::now();
    {
        const ClusterExecutor cluster(options);
        EXPECT_THROW(cluster->submit(add, 1, 2).result(), BrokenExecutor);
        EXPECT_LT(std::chrono::steady_clock::now() - began, 4s);
    }
    EXPECT_LT(std::chrono::steady_clock::now() - began, 5s);
    EXPECT_THAT(mark.left_after(3s), testing::IsEmpty());
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

TEST(ClusterFaults, AnInitializerThatThrowsBreaksTheExecutor) {
    ClusterTestOptions options = local();
    options.initializer = [] { throw std::runtime_error("no database"); };
    const ClusterExecutor cluster(options);
    EXPECT_THAT(message_of([&] { cluster->submit(add, 1, 1).result(); }),
                testing::HasSubstr("its initializer threw: no database"));
}

} // namespace
