#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

#include <hocket/fork_join.hpp>

namespace hocket::detail {

/// The number of indices in [first, last); requires first <= last.
template <class Index> constexpr auto distance(Index first, Index last) noexcept {
    using Count = std::make_unsigned_t<Index>;
    return static_cast<Count>(static_cast<Count>(last) - static_cast<Count>(first));
}

/// Returns `grain`, or a good size if it is 0. The pieces must be small enough that the other
/// threads do not wait long for the last one. They must be large enough that the same elements
/// mostly stay on the same thread from one loop to the next, because moving cached data costs more
/// than any imbalance. Pieces of many small elements start at cache line boundaries.
template <class Index>
std::size_t grain_of(Index first, Index last, std::size_t grain, std::size_t workers) noexcept {
    constexpr std::size_t pieces = 8; // per thread
    constexpr std::size_t line = 16;
    if (grain != 0) {
        return grain;
    }
    const std::size_t piece = distance(first, last) / (pieces * (workers + 1));
    return piece >= 4 * line ? piece / line * line : std::max<std::size_t>(1, piece);
}

/// The first exception of a loop. The other threads stop at their next piece.
class LoopFailure {
public:
    [[nodiscard]] bool occurred() const noexcept {
        return occurred_.load(std::memory_order_relaxed);
    }
    void set(std::exception_ptr error) noexcept {
        if (!occurred_.exchange(true, std::memory_order_acq_rel)) {
            error_ = std::move(error);
        }
    }
    /// Call this when all threads have ended.
    void rethrow() const {
        if (error_) {
            std::rethrow_exception(error_);
        }
    }

private:
    std::atomic<bool> occurred_{false};
    std::exception_ptr error_;
};

/// Ranges are divided only if this thread's deque is empty, which means that an idle thread has
/// taken the previous fork. So there are as many forks as thefts, not as many as pieces.
inline bool has_idle_worker() noexcept { return fork_slot != nullptr && fork_slot->deque.empty(); }

template <class Index, class Body> class ParallelFor {
public:
    ParallelFor(Body& body, std::size_t grain) noexcept : body_(body), grain_(grain) {}

    void run_all(ThreadPoolExecutor& pool, Index first, Index last) {
        if (distance(first, last) <= grain_) {
            run(first, last);
        } else {
            const ForkGuest guest(pool.fork_peers());
            run(first, last);
        }
        failure_.rethrow();
    }

private:
    void run(Index first, Index last) noexcept {
        while (distance(first, last) > grain_ && !failure_.occurred()) {
            if (has_idle_worker()) {
                const auto middle = static_cast<Index>(first + distance(first, last) / 2);
                Fork upper([this, middle, last]() noexcept { run(middle, last); });
                run(first, middle);
                upper.join();
                return;
            }
            const auto next = static_cast<Index>(first + grain_);
            run_piece(first, next);
            first = next;
        }
        if (!failure_.occurred()) {
            run_piece(first, last);
        }
    }
    void run_piece(Index first, Index last) noexcept {
        try {
            for (; first != last; ++first) {
                body_(first);
            }
        } catch (...) {
            failure_.set(std::current_exception());
        }
    }

    Body& body_;
    const std::size_t grain_;
    LoopFailure failure_;
};

template <class Index, class T, class Map, class Combine> class ParallelReduce {
public:
    ParallelReduce(T& identity, Map& map, Combine& combine, std::size_t grain) noexcept
        : identity_(identity), map_(map), combine_(combine), grain_(grain) {}

    T run_all(ThreadPoolExecutor& pool, Index first, Index last) {
        std::optional<T> result;
        if (distance(first, last) <= grain_) {
            result = run(first, last);
        } else {
            const ForkGuest guest(pool.fork_peers());
            result = run(first, last);
        }
        failure_.rethrow();
        return std::move(*result);
    }

private:
    // Returns an empty optional if it failed.
    std::optional<T> run(Index first, Index last) noexcept {
        try {
            T value = identity_;
            while (distance(first, last) > grain_ && !failure_.occurred()) {
                if (has_idle_worker()) {
                    const auto middle = static_cast<Index>(first + distance(first, last) / 2);
                    Fork upper([this, middle, last]() noexcept { return run(middle, last); });
                    std::optional<T> left = run(first, middle);
                    std::optional<T> right = upper.join();
                    if (!left || !right) {
                        return std::nullopt;
                    }
                    return combine_(combine_(std::move(value), std::move(*left)),
                                    std::move(*right));
                }
                const auto next = static_cast<Index>(first + grain_);
                value = run_piece(std::move(value), first, next);
                first = next;
            }
            if (failure_.occurred()) {
                return std::nullopt;
            }
            return run_piece(std::move(value), first, last);
        } catch (...) {
            failure_.set(std::current_exception());
            return std::nullopt;
        }
    }
    T run_piece(T value, Index first, Index last) {
        for (; first != last; ++first) {
            value = combine_(std::move(value), map_(first));
        }
        return value;
    }

    const T& identity_;
    Map& map_;
    Combine& combine_;
    const std::size_t grain_;
    LoopFailure failure_;
};

} // namespace hocket::detail
