#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <utility>

#include <hocket/coro.hpp>
#include <hocket/detail/loop/deadline.hpp>
#include <hocket/detail/threads/ordered_map.hpp>
#include <hocket/detail/threads/pull_iterator.hpp>
#include <hocket/errors.hpp>

namespace hocket {

/// Options of Executor::map.
struct MapOptions {
    /// The time from the call of `map` to the last result; unset means no limit.
    std::optional<std::chrono::nanoseconds> timeout = {};
    std::size_t chunksize = 1; ///< elements passed to a worker at a time
    /// The maximum number of chunks that are in progress or waiting to be fetched; 0: four per
    /// worker. The input is read only as far as this allows.
    std::size_t buffersize = 0;
    /// Called when each chunk is fetched, on the thread that fetches it, with the number of
    /// elements done and, if the input knows it, the total number.
    std::function<void(std::size_t done, std::optional<std::size_t> total)> progress = {};
};

/// The results of `map` in the order of the input, to be read once. Iterating over them as a range
/// blocks the thread; awaiting `next` suspends the task:
///
///     std::string fetch(std::string url);
///     hocket::ThreadPoolExecutor pool;
///     const std::vector<std::string> urls{"/one", "/two"};
///     for (auto& page : pool.map(fetch, urls)) std::cout << page; // in a thread
///     auto pages = pool.map(fetch, urls);
///     while (auto page = co_await pages.next()) std::cout << *page; // in a task
///
/// Fetching a result also reads further input, on the thread that fetches. An exception from an
/// element is thrown when its turn comes, and so is TimeoutError; no more results follow. After an
/// exception, and in the destructor, work that has not started is cancelled. Move-only; for one
/// thread or task at a time.
template <class R> class [[nodiscard]] MapResults {
public:
    using value_type = R;
    using iterator = detail::PullIterator<MapResults>;

    explicit MapResults(std::unique_ptr<detail::OrderedMapBase<R>> map) : map_(std::move(map)) {}

    /// Blocks until the first result is available; the iterator's `++` blocks until the next one
    /// is.
    iterator begin() { return iterator(*this); }
    std::default_sentinel_t end() const noexcept { return {}; }

    /// Awaitable: returns a std::optional<R> with the next result, or an empty one once the results
    /// have ended. Cancelling the awaiting task ends the results.
    Coro<std::optional<R>> next() { return map_->next(); }

private:
    friend iterator;
    std::optional<R> pull() { return map_->pull(); }

    std::unique_ptr<detail::OrderedMapBase<R>> map_;
};

namespace detail {
/// Maps `input` through `submit_chunk`, see OrderedMap; `workers` determines the default
/// buffersize. Throws ValueError if the chunksize is 0.
template <class R, class Range, class SubmitChunk>
MapResults<R> ordered_map(Range&& input, SubmitChunk submit_chunk, const MapOptions& options,
                          std::size_t workers) {
    if (options.chunksize == 0) {
        throw ValueError("map: chunksize must be at least 1");
    }
    MapLimits limits{.deadline = std::nullopt,
                     .chunksize = options.chunksize,
                     .chunks_in_flight = options.buffersize != 0 ? options.buffersize : 4 * workers,
                     .progress = options.progress};
    if (options.timeout) {
        limits.deadline = deadline_after(*options.timeout);
    }
    return MapResults<R>(std::make_unique<OrderedMap<R, Range, SubmitChunk>>(
        std::forward<Range>(input), std::move(submit_chunk), std::move(limits)));
}
} // namespace detail

} // namespace hocket
