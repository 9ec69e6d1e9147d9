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
/// returns when all calls have ended. `grain`: so many calls in a row are never divided; 0: decided
/// by how many there are. A range is only divided while somebody has nothing to do.
///
/// When a call throws, the first exception comes out once all have stopped, and calls that have not
/// begun are left out. `body` is called from several threads at once, must not wait for other work
/// of the pool, and may itself call parallel_for. Any thread.
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

/// Combines `map(i)` for each i in [first, last): combine(…combine(identity, map(first))…). As with
/// parallel_for the range is divided; results are combined in the order of the indices, so that
/// `combine` need be associative but not commutative, and `identity` leaves a value as it is. The
/// result is of identity's type, which must be copyable.
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
