#include "choose/profile.hpp"

#include <algorithm>
#include <chrono>

#include "choose/usage.hpp"

namespace hocket::choosing {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t most_kept_results = 64;
// More memory than this is not spent on results to compare with.
constexpr double most_packed_bytes = 32 << 20;

double seconds_since(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

// Returns the time of the fastest call.
double keep_first_results(detail::Workload& workload, double limit) {
    const std::size_t count = std::min(workload.size(), most_kept_results);
    const auto start = Clock::now();
    double fastest = 0;
    for (std::size_t i = 0; i < count && (i == 0 || seconds_since(start) < limit); ++i) {
        const auto begun = Clock::now();
        workload.keep_next_result();
        const double taken = seconds_since(begun);
        fastest = i == 0 ? taken : std::min(fastest, taken);
    }
    return fastest;
}

void measure_packing(const detail::Workload& workload, Profile& found, std::size_t kept) {
    double bytes = 0;
    std::size_t count = 0;
    const Meter meter;
    while (count < kept && bytes < most_packed_bytes) {
        const auto size = workload.pack(count);
        if (!size) {
            return;
        }
        bytes += static_cast<double>(*size);
        ++count;
    }
    found.packing_cpu = meter.stop().caller_cpu / static_cast<double>(count);
    found.packed_bytes = bytes / static_cast<double>(count);
}

} // namespace

Profile profile(detail::Workload& workload, double seconds, bool check_results) {
    Profile found;
    const auto first_pass = Clock::now();
    const double fastest = keep_first_results(workload, seconds / 2);
    found.kept_results = workload.kept_results();
    found.item_seconds = seconds_since(first_pass) / static_cast<double>(found.kept_results);

    const auto model = workload.start(ConcurrencyModel::sequential, 1);
    if (check_results && workload.comparable()) {
        found.unstable_item = model->first_difference(found.kept_results);
    }
    // Rounds of short items must be long beside the reading of the clock between them.
    const auto round =
        static_cast<std::size_t>(std::clamp(0.01 / std::max(fastest, 1e-7), 1.0, 100'000.0));
    const Meter meter;
    const auto start = Clock::now();
    double done = 0;
    do {
        model->run(round, 1);
        done += static_cast<double>(round);
    } while (seconds_since(start) < seconds);
    const Usage usage = meter.stop();

    found.item_seconds = usage.wall / done;
    found.cpu = usage.cpu / done;
    found.wait = std::max(usage.wall - usage.caller_delay - usage.cpu, 0.0) / done;
    measure_packing(workload, found, found.kept_results);
    return found;
}

} // namespace hocket::choosing
