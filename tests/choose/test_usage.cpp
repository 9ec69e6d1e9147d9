#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "choose/cpus.hpp"
#include "choose/usage.hpp"
#include "support/temporary_folder.hpp"

using namespace hocket::choosing;
using namespace std::chrono_literals;

namespace {

void write_file(const std::filesystem::path& path, const std::string& text) {
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << text;
}

} // namespace

TEST(CgroupQuota, IsTheSmallestOnTheWayToTheRoot) {
    const TemporaryFolder folder;
    write_file(folder.path() / "cgroup", "0::/outer/inner\n");
    EXPECT_EQ(cgroup_quota(folder.path() / "cgroup", folder.path()), std::nullopt);
    write_file(folder.path() / "outer/inner/cpu.max", "max 100000\n");
    write_file(folder.path() / "outer/cpu.max", "150000 100000\n");
    EXPECT_EQ(cgroup_quota(folder.path() / "cgroup", folder.path()), 1.5);
    write_file(folder.path() / "cpu.max", "50000 100000\n");
    EXPECT_EQ(cgroup_quota(folder.path() / "cgroup", folder.path()), 0.5);
}

TEST(CgroupQuota, IsFoundInTheFirstVersionOfCgroups) {
    const TemporaryFolder folder;
    write_file(folder.path() / "cgroup", "5:memory:/job\n4:cpu,cpuacct:/job\n");
    write_file(folder.path() / "cpu,cpuacct/job/cpu.cfs_quota_us", "250000\n");
    write_file(folder.path() / "cpu,cpuacct/job/cpu.cfs_period_us", "100000\n");
    EXPECT_EQ(cgroup_quota(folder.path() / "cgroup", folder.path()), 2.5);
    write_file(folder.path() / "cpu,cpuacct/job/cpu.cfs_quota_us", "-1\n");
    EXPECT_EQ(cgroup_quota(folder.path() / "cgroup", folder.path()), std::nullopt);
}

TEST(CpuLimit, HoldsForTheThreadsThatAreStarted) {
    const double before = usable_cpus();
    {
        const CpuLimit limit(1);
        double in_thread = 0;
        std::thread([&] { in_thread = usable_cpus(); }).join();
        EXPECT_LE(in_thread, 1);
    }
    EXPECT_EQ(usable_cpus(), before);
}

TEST(Meter, TellsComputingFromSleeping) {
    const Meter sleeping;
    std::this_thread::sleep_for(30ms);
    const Usage slept = sleeping.stop();
    EXPECT_GE(slept.wall, 0.03);
    EXPECT_LT(slept.caller_cpu, 0.02);

    const Meter computing;
    while (computing.stop().caller_cpu < 0.02) {
    }
    const Usage computed = computing.stop();
    EXPECT_GE(computed.cpu, computed.caller_cpu);
    // The clocks are read one after the other, the wall clock's interval inside the other's.
    EXPECT_GT(computed.wall, 0.99 * computed.caller_cpu);
}

TEST(Meter, CountsOtherThreadsOfTheProcess) {
    const Meter meter;
    std::thread([] {
        const Meter own;
        while (own.stop().caller_cpu < 0.02) {
        }
    }).join();
    const Usage usage = meter.stop();
    EXPECT_GE(usage.process_cpu, 0.02);
    EXPECT_LT(usage.caller_cpu, usage.process_cpu);
}

TEST(Memory, OfThisProcessIsKnown) {
    EXPECT_GT(memory_of({}), 100'000U);
    EXPECT_GT(available_memory(), 0U);
}
