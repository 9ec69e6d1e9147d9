#pragma once

#include <filesystem>
#include <optional>

#include <sched.h>

namespace hocket::choosing {

/// The smallest quota of CPUs on the way from this process's cgroup to the root, because each
/// ancestor limits its descendants. The arguments are for tests.
[[nodiscard]] std::optional<double>
cgroup_quota(const std::filesystem::path& cgroups = "/proc/self/cgroup",
             const std::filesystem::path& root = "/sys/fs/cgroup");

/// The CPUs that this thread may keep busy: those of its affinity, or the cgroup's quota, which may
/// be a fraction.
[[nodiscard]] double usable_cpus();

[[nodiscard]] cpu_set_t affinity();

/// While it lives, this thread, and the threads and processes that it starts, run on this many of
/// the CPUs only.
class CpuLimit {
public:
    explicit CpuLimit(double cpus);
    ~CpuLimit();
    CpuLimit(const CpuLimit&) = delete;
    CpuLimit& operator=(const CpuLimit&) = delete;

private:
    cpu_set_t before_;
};

} // namespace hocket::choosing
