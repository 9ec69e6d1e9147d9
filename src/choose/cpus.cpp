#include "choose/cpus.hpp"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <string>
#include <vector>

namespace hocket::choosing {

namespace {

namespace fs = std::filesystem;

// cpu.max is "max 100000" or "150000 100000".
std::optional<double> quota_v2(const fs::path& folder) {
    std::ifstream file(folder / "cpu.max");
    double quota = 0;
    double period = 0;
    return file >> quota >> period && period > 0 ? std::optional(quota / period) : std::nullopt;
}

std::optional<double> quota_v1(const fs::path& folder) {
    double quota = 0;
    double period = 0;
    std::ifstream(folder / "cpu.cfs_quota_us") >> quota;
    std::ifstream(folder / "cpu.cfs_period_us") >> period;
    return quota > 0 && period > 0 ? std::optional(quota / period) : std::nullopt;
}

bool names_cpu(const std::string& controllers) {
    return ("," + controllers + ",").find(",cpu,") != std::string::npos;
}

} // namespace

std::optional<double> cgroup_quota(const fs::path& cgroups, const fs::path& root) {
    std::optional<double> smallest;
    std::ifstream file(cgroups);
    for (std::string number, controllers, path; std::getline(file, number, ':') &&
                                                std::getline(file, controllers, ':') &&
                                                std::getline(file, path);) {
        if (!controllers.empty() && !names_cpu(controllers)) {
            continue;
        }
        const auto mounts = controllers.empty()
                                ? std::vector<fs::path>{root, root / "unified"}
                                : std::vector<fs::path>{root / "cpu", root / controllers};
        for (const fs::path& mount : mounts) {
            for (fs::path folder = fs::path(path).relative_path();; folder = folder.parent_path()) {
                const auto quota =
                    controllers.empty() ? quota_v2(mount / folder) : quota_v1(mount / folder);
                if (quota && (!smallest || *quota < *smallest)) {
                    smallest = quota;
                }
                if (folder.empty()) {
                    break;
                }
            }
        }
    }
    return smallest;
}

cpu_set_t affinity() {
    cpu_set_t cpus;
    CPU_ZERO(&cpus);
    if (::sched_getaffinity(0, sizeof cpus, &cpus) != 0) {
        CPU_SET(0, &cpus);
    }
    return cpus;
}

double usable_cpus() {
    const cpu_set_t cpus = affinity();
    const double count = CPU_COUNT(&cpus);
    return std::min(count, cgroup_quota().value_or(count));
}

CpuLimit::CpuLimit(double cpus) : before_(affinity()) {
    cpu_set_t some;
    CPU_ZERO(&some);
    for (std::size_t cpu = 0; cpu < CPU_SETSIZE && CPU_COUNT(&some) < std::ceil(cpus); ++cpu) {
        if (CPU_ISSET(cpu, &before_)) {
            CPU_SET(cpu, &some);
        }
    }
    ::sched_setaffinity(0, sizeof some, &some);
}

CpuLimit::~CpuLimit() { ::sched_setaffinity(0, sizeof before_, &before_); }

} // namespace hocket::choosing
