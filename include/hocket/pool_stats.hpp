#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace hocket {

/// What a pool of threads or processes has done since it was created: ThreadPoolExecutor::stats and
/// ProcessPoolExecutor::stats. `hocket top` shows the same numbers. They change while they are
/// read, so they may not add up exactly.
struct PoolStats {
    std::size_t max_workers = 0;
    std::size_t workers = 0;     ///< that have started and not ended
    std::size_t busy = 0;        ///< workers that run something
    std::uint64_t queued = 0;    ///< work that has not started
    std::uint64_t submitted = 0; ///< since the pool was created, like the following
    std::uint64_t completed = 0;
    std::uint64_t died = 0; ///< worker processes that died
    /// The time from submission to start of work in thread pools, measured for some of it; zero for
    /// process pools.
    std::chrono::nanoseconds wait_p50{};
    std::chrono::nanoseconds wait_p99{};
};

} // namespace hocket
