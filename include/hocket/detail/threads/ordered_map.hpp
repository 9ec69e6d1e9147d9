#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <exception>
#include <functional>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <hocket/coro.hpp>
#include <hocket/detail/loop/input_range.hpp>
#include <hocket/errors.hpp>
#include <hocket/future.hpp>
#include <hocket/wait.hpp>

namespace hocket::detail {

/// The outcome of a chunk: the results of its elements up to the first one that threw, and its
/// exception.
template <class R> struct MapChunk {
    MapChunk() = default;
    MapChunk(std::vector<R> results) : values(std::move(results)) {} // NOLINT: no element threw

    std::vector<R> values;
    std::exception_ptr error;
};

/// The result of calling an F with an Item, as a type that can be stored.
template <class F, class Item>
using MapValue = std::conditional_t<std::is_void_v<std::invoke_result_t<F&, Item>>, std::monostate,
                                    std::remove_cvref_t<std::invoke_result_t<F&, Item>>>;

template <class F, class Item>
MapChunk<MapValue<F, Item>> map_chunk(F& function, std::vector<Item> items) {
    MapChunk<MapValue<F, Item>> chunk;
    chunk.values.reserve(items.size());
    try {
        for (auto&& item : items) {
            if constexpr (std::is_void_v<std::invoke_result_t<F&, Item>>) {
                std::invoke(function, static_cast<Item&&>(item));
                chunk.values.emplace_back();
            } else {
                chunk.values.push_back(std::invoke(function, static_cast<Item&&>(item)));
            }
        }
    } catch (...) {
        chunk.error = std::current_exception();
    }
    return chunk;
}

/// The limits of a map: its MapOptions with all defaults resolved.
struct MapLimits {
    std::optional<std::chrono::steady_clock::time_point> deadline;
    std::size_t chunksize;
    std::size_t chunks_in_flight;
    std::function<void(std::size_t, std::optional<std::size_t>)> progress;
};

/// Delivers the results of a map in order. Derived classes supply the input and submit the chunks.
template <class R> class OrderedMapBase {
public:
    OrderedMapBase(const OrderedMapBase&) = delete;
    OrderedMapBase& operator=(const OrderedMapBase&) = delete;
    virtual ~OrderedMapBase() = default;

    /// Blocks until the next result is there; returns an empty optional at the end.
    std::optional<R> pull() {
        while (fetched_ == chunk_.values.size()) {
            if (!begin_fetch()) {
                return std::nullopt;
            }
            try {
                end_fetch(wait_for_chunk(limits_.deadline));
            } catch (...) {
                cancel();
                throw;
            }
        }
        return take();
    }

    Coro<std::optional<R>> next() {
        while (fetched_ == chunk_.values.size()) {
            if (!begin_fetch()) {
                co_return std::nullopt;
            }
            std::exception_ptr error;
            try {
                end_fetch(co_await await_chunk(limits_.deadline));
            } catch (...) {
                error = std::current_exception();
            }
            if (error) {
                cancel();
                std::rethrow_exception(error);
            }
        }
        co_return take();
    }

protected:
    explicit OrderedMapBase(MapLimits limits) : limits_(std::move(limits)) {}

    /// Submits chunks until enough are in flight or the input ends.
    virtual void fill() = 0;
    [[nodiscard]] virtual bool in_flight() const noexcept = 0;
    [[nodiscard]] virtual std::optional<std::size_t> total() const = 0;
    /// Waits for the oldest chunk in flight.
    virtual MapChunk<R>
    wait_for_chunk(std::optional<std::chrono::steady_clock::time_point> deadline) = 0;
    virtual Coro<MapChunk<R>>
    await_chunk(std::optional<std::chrono::steady_clock::time_point> deadline) = 0;
    /// Cancels the chunks in flight; no more will be submitted.
    virtual void cancel() noexcept = 0;

    const MapLimits limits_;

private:
    bool begin_fetch() {
        if (chunk_.error) {
            cancel();
            std::rethrow_exception(std::exchange(chunk_.error, nullptr));
        }
        // The input may throw, and so does submitting after a shutdown. Chunks in flight are
        // delivered before the error.
        if (!fill_error_) {
            try {
                fill();
            } catch (...) {
                fill_error_ = std::current_exception();
            }
        }
        if (fill_error_ && !in_flight()) {
            cancel(); // nothing more is to come
            std::rethrow_exception(std::exchange(fill_error_, nullptr));
        }
        return in_flight();
    }
    void end_fetch(MapChunk<R> chunk) {
        chunk_ = std::move(chunk);
        fetched_ = 0;
        done_ += chunk_.values.size();
        if (limits_.progress) {
            limits_.progress(done_, total());
        }
    }
    std::optional<R> take() { return std::optional<R>(std::move(chunk_.values[fetched_++])); }

    MapChunk<R> chunk_;
    std::exception_ptr fill_error_; // thrown once all chunks in flight are delivered
    std::size_t fetched_ = 0;       // results taken from chunk_
    std::size_t done_ = 0;          // results received so far
};

/// Maps the elements of `Range` in order. If `Range` is an lvalue reference, the range is not
/// copied. `submit_chunk(std::vector<Item>)` returns a future of a MapChunk<R> or of a type that
/// converts to one, such as std::vector<R>.
template <class R, class Range, class SubmitChunk>
class OrderedMap final : public OrderedMapBase<R> {
    using Item = RangeValue<Range>;
    using ChunkFuture = std::invoke_result_t<SubmitChunk&, std::vector<Item>>;

public:
    OrderedMap(Range&& input, SubmitChunk submit_chunk, MapLimits limits)
        : OrderedMapBase<R>(std::move(limits)),
          input_(std::forward<Range>(input)),
          submit_chunk_(std::move(submit_chunk)),
          total_(size_if_known(input_)),
          position_(std::ranges::begin(input_)) {
        try {
            fill(); // work starts at once, not when the first result is fetched
        } catch (...) {
            cancel();
            throw;
        }
    }
    ~OrderedMap() override { cancel(); }

protected:
    void fill() override {
        while (!ended_ && futures_.size() < this->limits_.chunks_in_flight) {
            std::vector<Item> items;
            while (items.size() < this->limits_.chunksize &&
                   position_ != std::ranges::end(input_)) {
                items.push_back(*position_);
                ++position_;
            }
            ended_ = items.size() < this->limits_.chunksize;
            if (!items.empty()) {
                futures_.push_back(submit_chunk_(std::move(items)));
            }
        }
    }
    [[nodiscard]] bool in_flight() const noexcept override { return !futures_.empty(); }
    [[nodiscard]] std::optional<std::size_t> total() const override { return total_; }

    MapChunk<R>
    wait_for_chunk(std::optional<std::chrono::steady_clock::time_point> deadline) override {
        const ChunkFuture future = futures_.front();
        if (!deadline) {
            future.state().wait();
        } else if (!future.state().wait_until(*deadline)) {
            throw TimeoutError("map: timed out before all results were available");
        }
        return take(future);
    }
    Coro<MapChunk<R>>
    await_chunk(std::optional<std::chrono::steady_clock::time_point> deadline) override {
        const ChunkFuture future = futures_.front();
        if (!deadline || future.done()) {
            co_await end_of(future);
        } else {
            co_await hocket::wait_for(end_of(future), *deadline - std::chrono::steady_clock::now());
        }
        co_return take(future);
    }
    void cancel() noexcept override {
        ended_ = true;
        for (const ChunkFuture& future : futures_) {
            future.cancel();
        }
        futures_.clear();
    }

private:
    static Coro<> end_of(ChunkFuture future) {
        FutureEnd end(future.state());
        co_await end;
    }
    // Moves the result out, because nobody else has this future.
    MapChunk<R> take(const ChunkFuture& future) {
        futures_.pop_front(); // only now, so that cancel() could reach it before
        return future.state().take();
    }

    Range input_;
    SubmitChunk submit_chunk_;
    const std::optional<std::size_t> total_;
    RangeIterator<Range> position_;
    std::deque<ChunkFuture> futures_;
    bool ended_ = false;
};

} // namespace hocket::detail
