#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <hocket/detail/processes/pool/imap_results.hpp>
#include <hocket/detail/processes/pool/pool_map.hpp>
#include <hocket/process_pool_executor.hpp>

namespace hocket {

/// Options of a Pool.
struct PoolOptions {
    /// How workers are started: Python's `get_context(start_method).Pool()`.
    StartMethod start_method = StartMethod::spawn;
    /// Called first in every worker; a function or a captureless lambda. If it throws, the pool is
    /// broken.
    void (*initializer)() = nullptr;
    /// A worker is replaced after this many tasks (calls, or chunks of a map); 0: never.
    std::size_t maxtasksperchild = 0;
    /// See ProcessPoolOptions::on_output.
    std::function<void(int worker, bool is_error, std::string_view line)> on_output = {};
};

/// Python's multiprocessing.Pool, implemented by a ProcessPoolExecutor: see there for the functions
/// and values that can cross to a worker, and for what happens when a worker dies.
///
///     hocket::Pool pool(4);
///     const auto squares = pool.map([](int x) { return x * x; }, std::views::iota(0, 100));
///
/// The functions that return a Future do not wait; the Future can be awaited. The others block, so
/// in a task use `co_await pool.map_async(…)`. May be used from any thread. The destructor ends the
/// workers at once, like Python's with-block; call `close()` and `join()` first to let everything
/// finish.
class Pool {
public:
    /// At most `processes` workers; 0: one per processor.
    explicit Pool(std::size_t processes = 0, PoolOptions options = {});
    ~Pool(); ///< Calls terminate() and join().
    Pool(const Pool&) = delete;
    Pool& operator=(const Pool&) = delete;

    /// Calls `function(args...)` in a worker, and returns its result or throws its exception.
    /// Throws ValueError if the pool is closed, as do all the functions below, and WorkerDied if
    /// the worker dies during the call.
    template <class F, class... Args> auto apply(const F& function, const Args&... args) {
        return apply_async(function, args...).result();
    }
    /// The same without waiting: returns a Future, whose `add_done_callback` replaces Python's
    /// callbacks.
    template <class F, class... Args> auto apply_async(const F& function, Args&&... args) {
        require_open();
        return executor_.submit(function, std::forward<Args>(args)...);
    }

    /// Calls `function(item)` for each item and returns the results in the order of the items, as a
    /// vector (nothing if the function returns nothing). Items are sent in chunks of `chunksize`;
    /// 0: a quarter of a worker's share. `progress(done, total)` is called after each chunk, one
    /// call at a time, on a thread of the pool. If calls throw, the first exception is thrown after
    /// all chunks have ended.
    template <class F, detail::InputRange Range>
    auto map(const F& function, Range&& items, std::size_t chunksize = 0,
             detail::MapProgress progress = {}) {
        return map_async(function, items, chunksize, std::move(progress)).result();
    }
    /// The same without waiting. Cancelling the Future cancels the chunks that are not done.
    template <class F, detail::InputRange Range>
    auto map_async(const F& function, Range&& items, std::size_t chunksize = 0,
                   detail::MapProgress progress = {}) {
        return map_as<detail::Passing::whole, std::decay_t<F>>(function, items, chunksize,
                                                               std::move(progress));
    }
    /// Like map, for items that are pairs or tuples: calls `function(a, b, …)` with their elements.
    template <class F, detail::InputRange Range>
    auto starmap(const F& function, Range&& items, std::size_t chunksize = 0,
                 detail::MapProgress progress = {}) {
        return starmap_async(function, items, chunksize, std::move(progress)).result();
    }
    template <class F, detail::InputRange Range>
    auto starmap_async(const F& function, Range&& items, std::size_t chunksize = 0,
                       detail::MapProgress progress = {}) {
        return map_as<detail::Passing::unpacked, std::decay_t<F>>(function, items, chunksize,
                                                                  std::move(progress));
    }

    /// Returns a range of the results in the order of the items; each is available as soon as it is
    /// computed. Lazy: items are read as results are taken, so the input may be endless. Iterate
    /// over it once, or call its `next()`. If `items` is an lvalue, it must outlive the range.
    template <class F, detail::InputRange Range>
    auto imap(const F& function, Range&& items, std::size_t chunksize = 1) {
        return imap_in(detail::ResultOrder::of_items, function, std::forward<Range>(items),
                       chunksize);
    }
    /// The same, in the order in which the chunks are done.
    template <class F, detail::InputRange Range>
    auto imap_unordered(const F& function, Range&& items, std::size_t chunksize = 1) {
        return imap_in(detail::ResultOrder::of_completion, function, std::forward<Range>(items),
                       chunksize);
    }

    /// Stops accepting work. Work already submitted will be done.
    void close();
    /// Ends the workers at once: running work fails with WorkerDied, and waiting work is cancelled.
    void terminate();
    /// Waits until the workers have ended. Throws ValueError unless `close` or `terminate` was
    /// called first.
    void join();

private:
    void require_open() const;
    [[nodiscard]] std::size_t chunksize_for(std::size_t items) const noexcept;

    template <detail::Passing passing, class F, class Range>
    auto map_as(const F& function, Range& items, std::size_t chunksize,
                detail::MapProgress progress) {
        using Item = detail::RangeItem<Range>;
        if constexpr (!detail::ForwardRange<Range>) {
            // The number of items is known only after reading them all.
            std::vector<Item> all;
            for (auto&& item : items) {
                all.emplace_back(std::forward<decltype(item)>(item));
            }
            return map_as<passing>(function, all, chunksize, std::move(progress));
        } else {
            require_open();
            const auto total = static_cast<std::size_t>(std::ranges::distance(items));
            const std::size_t most = chunksize != 0 ? chunksize : chunksize_for(total);
            using R = detail::ItemResult<passing, F, Item>;
            const auto collector =
                std::make_shared<detail::MapCollector<R>>(total, std::move(progress));
            const detail::RemoteCallee<F> callee(function);
            auto at = std::ranges::begin(items);
            try {
                while (at != std::ranges::end(items)) {
                    const auto chunk = detail::take_chunk<Item>(at, std::ranges::end(items), most);
                    collector->add(
                        executor_.submit(detail::CallWithEach<passing, F, Item>(), callee, chunk),
                        chunk.size());
                }
            } catch (...) {
                collector->cancel();
                throw;
            }
            return collector->future();
        }
    }

    template <class F, class Range>
    auto imap_in(detail::ResultOrder order, const F& function, Range&& items,
                 std::size_t chunksize) {
        require_open();
        using Results = detail::ImapResults<std::decay_t<F>, Range>;
        return Results(executor_, 4 * processes_, function, std::forward<Range>(items),
                       std::max<std::size_t>(chunksize, 1), order);
    }

    const std::size_t processes_;
    std::atomic<bool> is_closed_{false};
    ProcessPoolExecutor executor_;
};

} // namespace hocket
