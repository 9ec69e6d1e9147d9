#include "choose/estimate.hpp"

#include <algorithm>

namespace hocket::choosing {

namespace {

// The least time between two items that the demands allow.
double seconds_by_demands(const Run& run, const Profile& profile, double cores) {
    const double cpu = run.cpu();
    const double caller = run.caller_cpu();
    const auto width = static_cast<double>(run.width);
    switch (run.model) {
    case ConcurrencyModel::coroutines: return std::max(caller, (cpu + profile.wait) / width);
    case ConcurrencyModel::threads:
    case ConcurrencyModel::processes:
        return std::max({cpu / cores, caller, (cpu - caller + profile.wait) / width});
    default: return cpu + profile.wait;
    }
}

} // namespace

double Run::caller_cpu() const {
    return (model == ConcurrencyModel::processes ? usage.process_cpu : usage.caller_cpu) /
           static_cast<double>(count);
}

bool Run::clean() const {
    // /proc/stat counts in ticks of 10 ms for each CPU, so that a short run cannot tell the share
    // of others exactly.
    constexpr double clean_share = 0.05;
    constexpr double tick_error = 0.015;
    return usage.others <= clean_share + tick_error / usage.wall;
}

double quiet_throughput(const Run& run, const Profile& profile, double cores) {
    if (run.clean()) {
        return run.measured();
    }
    const Usage& usage = run.usage;
    // How long child processes that have ended were delayed is not known.
    const bool known = usage.reaped_cpu <= 0.1 * usage.cpu;
    // Workers are delayed at the same time, so that each delays the run by its share only.
    const bool has_workers =
        run.model == ConcurrencyModel::threads || run.model == ConcurrencyModel::processes;
    const double delay = usage.delay / static_cast<double>(has_workers ? run.width : 1);
    const double undelayed = known ? std::max(usage.wall - delay, 0.0) : 0.0;
    const double shortest = std::max(undelayed / static_cast<double>(run.count),
                                     seconds_by_demands(run, profile, cores));
    return std::max(run.measured(), 1 / std::max(shortest, 1e-12));
}

} // namespace hocket::choosing
