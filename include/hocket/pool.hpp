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

/// How a Pool is made.
struct PoolOptions {
    /// How workers are started: Python's `get_context(start_method).Pool()`.
    StartMethod start_method = StartMethod::spawn;
    /// Called first in every worker; a captureless lambda or a function. If it throws, the pool is
    /// broken.
    void (*initializer)() = nullptr;
    /// A worker ends after this many tasks (calls, or chunks of a map), and another one takes its
    /// place; 0: never.
    std::size_t maxtasksperchild = 0;
    /// As ProcessPoolOptions::on_output.
    std::function<void(int worker, bool is_error, std::string_view line)> on_output = {};
};

/// Python's multiprocessing.Pool, by a ProcessPoolExecutor: what may be called, what crosses and
/// what becomes of a worker that dies is as there.
///
///     hocket::Pool pool(4);
///     const auto squares = pool.map([](int x) { return x * x; }, std::views::iota(0, 100));
///
/// The functions that return a Future do not wait; it can be awaited. The others block: in a task,
/// `co_await pool.map_async(…)`. Any thread. The destructor ends the workers at once, as Python's
/// with-block does: `close()` and `join()` first let everything finish.
class Pool {
public:
    /// `processes` workers at most; 0: as many as processors.
    explicit Pool(std::size_t processes = 0, PoolOptions options = {});
    ~Pool(); ///< Terminates and joins.
    Pool(const Pool&) = delete;
    Pool& operator=(const Pool&) = delete;

    /// Calls `function(args...)` in a worker, and waits for what it returns or throws. ValueError
    /// when the pool is closed, as of all that follows; WorkerDied when the worker died meanwhile.
    template <class F, class... Args> auto apply(const F& function, const Args&... args) {
        return apply_async(function, args...).result();
    }
    /// The same without waiting: a Future, with `add_done_callback` for Python's callbacks.
    template <class F, class... Args> auto apply_async(const F& function, const Args&... args) {
        require_open();
        return executor_.submit(function, args...);
    }

    /// `function(item)` of each item, in the order of the items, as a vector (nothing when the
    /// function returns nothing). Items cross in chunks of `chunksize`; 0: a quarter of a worker's
    /// share. `progress(done, total)` is called after each chunk, one at a time, on a thread of the
    /// pool. When calls throw, the first exception is thrown, after all chunks have ended.
    template <class F, detail::InputRange Range>
    auto map(const F& function, Range&& items, std::size_t chunksize = 0,
             detail::MapProgress progress = {}) {
        return map_async(function, items, chunksize, std::move(progress)).result();
    }
    /// The same without waiting. Cancelling the Future cancels what is not done.
    template <class F, detail::InputRange Range>
    auto map_async(const F& function, Range&& items, std::size_t chunksize = 0,
                   detail::MapProgress progress = {}) {
        return map_as<detail::Passing::whole, std::decay_t<F>>(function, items, chunksize,
                                                               std::move(progress));
    }
    /// As map, of pairs or tuples: `function(a, b, …)` of their elements.
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

    /// A range of the results, in the order of the items, each as soon as it is there. Lazy: the
    /// items are read as results are taken, so that the input may be endless. Iterate it once, or
    /// call its `next()`. An lvalue `items` must live as long.
    template <class F, detail::InputRange Range>
    auto imap(const F& function, Range&& items, std::size_t chunksize = 1) {
        return imap_in(detail::ResultOrder::of_items, function, std::forward<Range>(items),
                       chunksize);
    }
    /// The same in the order in which the chunks are done.
    template <class F, detail::InputRange Range>
    auto imap_unordered(const F& function, Range&& items, std::size_t chunksize = 1) {
        return imap_in(detail::ResultOrder::of_completion, function, std::forward<Range>(items),
                       chunksize);
    }

    /// Takes no more work; what there is will be done.
    void close();
    /// Ends the workers at once: what runs fails with WorkerDied, what waits is cancelled.
    void terminate();
    /// Waits until the workers have ended. ValueError unless `close` or `terminate` came before.
    void join();

private:
    void require_open() const;
    [[nodiscard]] std::size_t chunksize_for(std::size_t items) const noexcept;

    template <detail::Passing passing, class F, class Range>
    auto map_as(const F& function, Range& items, std::size_t chunksize,
                detail::MapProgress progress) {
        using Item = detail::RangeItem<Range>;
        if constexpr (!detail::ForwardRange<Range>) {
            // How many there are shows only when they are read.
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
