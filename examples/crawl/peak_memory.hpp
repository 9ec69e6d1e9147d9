#pragma once

#include <cstddef>
#include <cstdint>

namespace crawl {

/// The most memory this process has had in RAM at once (VmHWM), in KiB; 0 where it is not known.
std::uint64_t peak_memory_kib();

struct ChildProcesses {
    std::size_t count = 0;
    std::uint64_t peak_memory_kib = 0; ///< the sum; what they share counts in each
};

/// The processes that this one has started and that run just now. getrusage(RUSAGE_CHILDREN) would
/// tell of the largest only, of those that have ended only, and for a process that was exec'd
/// includes what its parent had.
ChildProcesses child_processes();

} // namespace crawl
