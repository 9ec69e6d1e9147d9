#pragma once

#include <concepts>
#include <cstddef>
#include <type_traits>
#include <utility>

#include <hocket/detail/threads/parallel_loop.hpp>
#include <hocket/fork_join.hpp>
#include <hocket/thread_pool_executor.hpp>

namespace hocket {

/// Calls `body(i)` for each i in [first, last), on the workers of `pool` and on this thread, and
/// returns when all calls have ended. A range of up to `grain` calls is never split; 0: chosen from
/// the number of calls. A range is split only while some thread is idle.
///
/// If a call throws, calls that have not begun are skipped, and the first exception is thrown once
/// all calls have ended. `body` is called from several threads at once. It must not wait for other
/// work of the pool, but may itself call parallel_for. May be called from any thread.
template <std::integral First, std::integral Last, class Body>
void parallel_for(ThreadPoolExecutor& pool, First first, Last last, Body&& body,
                  std::size_t grain = 0) {
    using Index = std::common_type_t<First, Last>;
    if (static_cast<Index>(first) < static_cast<Index>(last)) {
        detail::ParallelFor<Index, std::remove_reference_t<Body>>(
            body, detail::grain_of<Index>(first, last, grain, pool.max_workers()))
            .run_all(pool, first, last);
    }
}

/// Combines `map(i)` for each i in [first, last): combine(…combine(identity, map(first))…). The
/// range is split as by parallel_for. Results are combined in the order of the indices, so
/// `combine` must be associative but need not be commutative. Combining with `identity` must not
/// change a value. The result has the type of `identity`, which must be copyable.
template <std::integral First, std::integral Last, class T, class Map, class Combine>
T parallel_reduce(ThreadPoolExecutor& pool, First first, Last last, T identity, Map&& map,
                  Combine&& combine, std::size_t grain = 0) {
    using Index = std::common_type_t<First, Last>;
    if (!(static_cast<Index>(first) < static_cast<Index>(last))) {
        return identity;
    }
    return detail::ParallelReduce<Index, T, std::remove_reference_t<Map>,
                                  std::remove_reference_t<Combine>>(
               identity, map, combine,
               detail::grain_of<Index>(first, last, grain, pool.max_workers()))
        .run_all(pool, first, last);
}

} // namespace hocket
