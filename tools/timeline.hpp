#pragma once

#include <cstdint>
#include <list>
#include <string>

#include "traced_process.hpp"

namespace hocket::tool {

struct TimelineSummary {
    double seconds = 0;
    std::uint64_t slices = 0;
    std::uint64_t arrows = 0; ///< ends of arrows from the submission of work
    std::uint64_t bytes = 0;
};

/// Writes the events of these processes as one Perfetto trace. Nothing earlier than `from` (ticks)
/// is shown. `processes` begins with the one that the others descend from. Throws Problem if the
/// file cannot be written.
TimelineSummary write_timeline(const std::list<TracedProcess>& processes, std::uint64_t from,
                               const std::string& path);

} // namespace hocket::tool
