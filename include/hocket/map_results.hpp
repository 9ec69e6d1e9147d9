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

/// How an executor maps.
struct MapOptions {
    /// From the call of `map` to the last result; unset: for ever.
    std::optional<std::chrono::nanoseconds> timeout = {};
    std::size_t chunksize = 1; ///< elements handed to a worker at a time
    /// Chunks on their way or waiting to be fetched, at most; 0: four for each worker. No more of
    /// the input is read than that.
    std::size_t buffersize = 0;
    /// Called as each chunk is fetched, by who fetches it: with how many elements are done, and of
    /// how many, where the input knows.
    std::function<void(std::size_t done, std::optional<std::size_t> total)> progress = {};
};

/// What `map` returns: the results in the order of the input, once. Blocks a thread as an input
/// range, or suspends a task:
///
///     std::string fetch(std::string url);
///     hocket::ThreadPoolExecutor pool;
///     const std::vector<std::string> urls{"/one", "/two"};
///     for (auto& page : pool.map(fetch, urls)) std::cout << page; // in a thread
///     auto pages = pool.map(fetch, urls);
///     while (auto page = co_await pages.next()) std::cout << *page; // in a task
///
/// Reads on in the input as results are fetched, on the thread that fetches. What an element threw
/// is thrown when its turn comes, and so is TimeoutError; that ends the results, and as the
/// destructor does it cancels what has not started. Move-only; one thread or task at a time.
template <class R> class [[nodiscard]] MapResults {
public:
    using value_type = R;
    using iterator = detail::PullIterator<MapResults>;

    explicit MapResults(std::unique_ptr<detail::OrderedMapBase<R>> map) : map_(std::move(map)) {}

    /// Blocks until the first result is there; the iterator's `++` until the next one is.
    iterator begin() { return iterator(*this); }
    std::default_sentinel_t end() const noexcept { return {}; }

    /// Awaitable: yields a std::optional<R> with the next result, or nothing at the end and from
    /// then on. Cancelling the awaiting task ends the results.
    Coro<std::optional<R>> next() { return map_->next(); }

private:
    friend iterator;
    std::optional<R> pull() { return map_->pull(); }

    std::unique_ptr<detail::OrderedMapBase<R>> map_;
};

namespace detail {
/// Maps `input` through `submit_chunk`, see OrderedMap; `workers` decides the default buffersize.
/// ValueError when a chunk is to be empty.
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
