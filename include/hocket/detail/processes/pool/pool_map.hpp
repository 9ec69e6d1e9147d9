#pragma once

#include <cstddef>
#include <exception>
#include <functional>
#include <iterator>
#include <memory>
#include <mutex>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <hocket/detail/loop/input_range.hpp>
#include <hocket/detail/processes/calls/remote_callee.hpp>
#include <hocket/future.hpp>

namespace hocket::detail {

/// How an item of a range is passed to a function: as one argument, or unpacked into several.
enum class Passing { whole, unpacked };

template <Passing passing, class F, class Item>
decltype(auto) call_with_item(const RemoteCallee<F>& function, Item&& item) {
    if constexpr (passing == Passing::unpacked) {
        return std::apply(function, std::forward<Item>(item));
    } else {
        return function(std::forward<Item>(item));
    }
}

template <Passing passing, class F, class Item>
using ItemResult = std::decay_t<decltype(call_with_item<passing>(
    std::declval<const RemoteCallee<F>&>(), std::declval<Item>()))>;

template <class Range> using RangeItem = Carried<RangeValue<Range>>;

/// The results for several items; void if the function returns nothing.
template <class R> using ResultsOf = std::conditional_t<std::is_void_v<R>, void, std::vector<R>>;

/// Runs in a worker: calls the function with each item of a chunk.
template <Passing passing, class F, class Item> struct CallWithEach {
    using R = ItemResult<passing, F, Item>;

    ResultsOf<R> operator()(const RemoteCallee<F>& function, std::vector<Item> items) const {
        if constexpr (std::is_void_v<R>) {
            for (auto&& item : items) {
                call_with_item<passing>(function, static_cast<Item>(std::move(item)));
            }
        } else {
            std::vector<R> results;
            results.reserve(items.size());
            for (auto&& item : items) {
                results.push_back(
                    call_with_item<passing>(function, static_cast<Item>(std::move(item))));
            }
            return results;
        }
    }
};

/// Takes up to `most` items, starting at `at`, and advances `at`.
template <class Item, class Iterator, class End>
std::vector<Item> take_chunk(Iterator& at, const End& end, std::size_t most) {
    std::vector<Item> chunk;
    for (; chunk.size() < most && at != end; ++at) {
        chunk.emplace_back(*at);
    }
    return chunk;
}

/// Called with the number of finished items and the number of all items.
using MapProgress = std::function<void(std::size_t done, std::size_t total)>;

/// Combines the futures of chunks into one. May be used from any thread.
template <class R> class MapCollector : public std::enable_shared_from_this<MapCollector<R>> {
public:
    using Chunk = Future<ResultsOf<R>>;

    MapCollector(std::size_t total, MapProgress progress)
        : total_(total), progress_(std::move(progress)) {}

    /// Adds the next chunk, which has `size` items. The sizes of all chunks must add up to the
    /// total.
    void add(const Chunk& chunk, std::size_t size) {
        std::size_t number = 0;
        {
            const std::scoped_lock lock(lock_);
            number = chunks_.size();
            chunks_.push_back(chunk);
        }
        chunk.add_done_callback([self = this->shared_from_this(), number, size](const Chunk& done) {
            self->on_done(done, number, size);
        });
    }
    void cancel() {
        std::vector<Chunk> chunks;
        {
            const std::scoped_lock lock(lock_);
            chunks = chunks_;
        }
        for (const Chunk& chunk : chunks) {
            chunk.cancel();
        }
    }
    /// The combined future. Cancelling it cancels the chunks.
    Chunk future() {
        const Chunk result = promise_.get_future();
        result.add_done_callback([result_of = this->weak_from_this()](const Chunk& done) {
            if (const auto self = result_of.lock(); self && done.cancelled()) {
                self->cancel();
            }
        });
        if (total_ == 0) {
            finish();
        }
        return result;
    }

private:
    void on_done(const Chunk& chunk, std::size_t number, std::size_t size) {
        {
            const std::scoped_lock lock(lock_);
            done_ += size;
            try {
                if constexpr (std::is_void_v<R>) {
                    chunk.result();
                } else {
                    if (results_.size() <= number) {
                        results_.resize(number + 1);
                    }
                    results_[number] = chunk.result();
                }
                if (progress_) {
                    progress_(done_, total_);
                }
            } catch (...) {
                if (!error_) {
                    error_ = std::current_exception();
                }
            }
            if (done_ < total_ || std::exchange(is_complete_, true)) {
                return;
            }
        }
        finish();
    }
    void finish() {
        if (!promise_.set_running_or_notify_cancel()) {
            return;
        }
        if (error_) {
            promise_.set_exception(error_);
        } else if constexpr (std::is_void_v<R>) {
            promise_.set_result();
        } else {
            std::vector<R> all;
            all.reserve(total_);
            for (std::vector<R>& chunk : results_) {
                all.insert(all.end(), std::move_iterator(chunk.begin()),
                           std::move_iterator(chunk.end()));
            }
            promise_.set_result(std::move(all));
        }
    }

    const std::size_t total_;
    const MapProgress progress_;
    Promise<ResultsOf<R>> promise_;
    // Guards what follows. Recursive, because progress_ may cancel the map, which ends chunks.
    std::recursive_mutex lock_;
    std::vector<Chunk> chunks_;
    std::vector<std::conditional_t<std::is_void_v<R>, char, std::vector<R>>> results_;
    std::size_t done_ = 0;
    bool is_complete_ = false;
    std::exception_ptr error_;
};

/// Which result of an imap comes first.
enum class ResultOrder { of_items, of_completion };

} // namespace hocket::detail
