#pragma once

#include <cstddef>
#include <optional>

#include <hocket/choose.hpp>

namespace hocket::choosing {

/// What an item needs when the function runs alone. Times are seconds an item.
struct Profile {
    double item_seconds = 0; ///< mean wall time
    double cpu = 0;
    double wait = 0; ///< when nothing of it used a CPU
    double packing_cpu = 0;
    std::optional<double> packed_bytes; ///< item and result
    std::size_t kept_results = 0;
    /// The first item whose second result differed from its first.
    std::optional<std::size_t> unstable_item;
};

/// Runs the function sequentially, for about `seconds` after a first call of each item. Throws
/// WorkloadError if it throws.
[[nodiscard]] Profile profile(detail::Workload& workload, double seconds, bool check_results);

} // namespace hocket::choosing
