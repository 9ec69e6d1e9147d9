#include "choose/widths.hpp"

#include <algorithm>
#include <cmath>
#include <set>

namespace hocket::choosing {

namespace {

std::size_t most_workers(ConcurrencyModel model) {
    switch (model) {
    case ConcurrencyModel::coroutines: return 1024;
    case ConcurrencyModel::threads: return 256;
    case ConcurrencyModel::processes: return 32;
    default: return 1;
    }
}

} // namespace

std::vector<std::size_t> width_grid(ConcurrencyModel model, double cores, std::size_t items) {
    if (model == ConcurrencyModel::sequential) {
        return {1};
    }
    const auto cpus = static_cast<std::size_t>(std::ceil(cores));
    const std::size_t most =
        std::min(std::max(most_workers(model), cpus), std::max<std::size_t>(items, 2));
    std::set<std::size_t> widths{2};
    for (std::size_t width = 4; width <= most; width *= 2) {
        widths.insert(width);
    }
    for (const std::size_t width : {cpus, 2 * cpus}) {
        if (width > 1 && width <= most) {
            widths.insert(width);
        }
    }
    return {widths.begin(), widths.end()};
}

std::size_t chunk_for(ConcurrencyModel model, const Profile& profile, std::size_t items,
                      std::size_t workers) {
    if (model != ConcurrencyModel::threads && model != ConcurrencyModel::processes) {
        return 1;
    }
    // A thread takes over a chunk in microseconds, a process in tens of them.
    const double enough = model == ConcurrencyModel::threads ? 100e-6 : 5e-3;
    const double by_time = enough / std::max(profile.item_seconds, 1e-9);
    const double by_size = (1 << 20) / std::max(profile.packed_bytes.value_or(1), 1.0);
    const double by_share = static_cast<double>(items) / static_cast<double>(4 * workers);
    return static_cast<std::size_t>(std::max(1.0, std::min({by_time, by_size, by_share, 1000.0})));
}

std::size_t count_for(double rate, double seconds, double item_seconds, std::size_t workers,
                      std::size_t chunksize) {
    const auto wave = static_cast<double>(workers * chunksize);
    double waves = std::max(std::ceil(rate * seconds / wave), 1.0);
    if (waves < 4 && item_seconds < seconds) {
        waves = std::min(4.0, std::max(waves, std::ceil(seconds / std::max(item_seconds, 1e-6))));
    }
    const double most = workers == 1 ? 1e9 : 200'000; // the results of concurrent calls are kept
    return static_cast<std::size_t>(std::min(waves * wave, std::max(most, wave)));
}

} // namespace hocket::choosing
