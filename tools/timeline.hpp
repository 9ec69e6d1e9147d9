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

/// A part of time, in ticks.
struct Period {
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
};

/// Writes the events of these processes in this period as one Perfetto trace. `processes` begins
/// with the one that the others descend from. Throws Problem if the file cannot be written.
TimelineSummary write_timeline(const std::list<TracedProcess>& processes, Period period,
                               const std::string& path);

} // namespace hocket::tool
