#include "choose/prediction.hpp"

#include <algorithm>
#include <limits>

namespace hocket::choosing {

namespace {

double inverse(double seconds) {
    return seconds > 0 ? 1 / seconds : std::numeric_limits<double>::infinity();
}

} // namespace

double predict(ConcurrencyModel model, const Demands& demands, std::size_t workers, double cores) {
    const double cpu = demands.cpu + demands.overhead;
    const double alone = inverse(cpu + demands.wait);
    if (model == ConcurrencyModel::sequential) {
        return alone;
    }
    const double overlapped =
        std::min(static_cast<double>(workers) * alone, inverse(demands.serial));
    if (model == ConcurrencyModel::coroutines) {
        return std::min(overlapped, std::min(cores, 1.0) * inverse(cpu));
    }
    return std::min({overlapped, cores * inverse(cpu + demands.caller), inverse(demands.caller)});
}

std::size_t smallest_good_width(const std::map<std::size_t, double>& throughputs,
                                double tolerance) {
    double best = 0;
    for (const auto& [width, throughput] : throughputs) {
        best = std::max(best, throughput);
    }
    for (const auto& [width, throughput] : throughputs) {
        if (throughput >= best * (1 - tolerance)) {
            return width;
        }
    }
    return throughputs.begin()->first;
}

} // namespace hocket::choosing
