#pragma once

#include <cstddef>
#include <map>

#include <hocket/choose.hpp>

namespace hocket::choosing {

/// What one item needs of each resource, which bounds how many items a second are possible. The
/// names are those of queueing theory; all times are seconds an item.
struct Demands {
    double cpu = 0;      ///< CPU time, where the function runs
    double wait = 0;     ///< when its thread neither runs nor is ready to run
    double overhead = 0; ///< CPU time beside the function, where it runs
    double caller = 0;   ///< CPU time of the thread, or of the process, that hands items over
    double serial = 0;   ///< time in which only one worker can proceed, as under a lock
};

/// Items a second that the demands allow.
[[nodiscard]] double predict(ConcurrencyModel model, const Demands& demands, std::size_t workers,
                             double cores);

/// The fewest workers whose throughput is at most this part below the best. The map must not be
/// empty.
[[nodiscard]] std::size_t smallest_good_width(const std::map<std::size_t, double>& throughputs,
                                              double tolerance = 0.07);

} // namespace hocket::choosing
