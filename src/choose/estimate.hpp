#pragma once

#include <cstddef>

#include <hocket/choose.hpp>

#include "choose/profile.hpp"
#include "choose/usage.hpp"

namespace hocket::choosing {

/// One measurement of a model.
struct Run {
    ConcurrencyModel model = ConcurrencyModel::none;
    std::size_t width = 1;
    std::size_t chunksize = 1;
    std::size_t count = 0;
    Usage usage;
    std::size_t memory = 0;

    /// Items a second by the clock on the wall.
    [[nodiscard]] double measured() const { return static_cast<double>(count) / usage.wall; }
    /// CPU seconds an item.
    [[nodiscard]] double cpu() const { return usage.cpu / static_cast<double>(count); }
    /// CPU seconds an item of the thread, or for processes of the process, that handed items over.
    [[nodiscard]] double caller_cpu() const;
    /// Whether the rest of the machine was idle enough for the clock on the wall to be right.
    [[nodiscard]] bool clean() const;
};

/// Items a second without the load of others. The truth lies between what was measured and what
/// would have been measured had no thread ever waited for a CPU; in between, the demands of an item
/// decide.
[[nodiscard]] double quiet_throughput(const Run& run, const Profile& profile, double cores);

} // namespace hocket::choosing
