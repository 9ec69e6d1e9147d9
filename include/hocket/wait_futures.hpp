#pragma once

#include <chrono>
#include <cstddef>
#include <iterator>
#include <optional>
#include <utility>
#include <vector>

#include <hocket/detail/threads/future_completions.hpp>
#include <hocket/detail/threads/pull_iterator.hpp>
#include <hocket/future.hpp>
#include <hocket/wait.hpp>

namespace hocket {

/// The result of waiting for futures: the given futures, in the same order.
template <class T> struct DoneNotDone {
    std::vector<Future<T>> done;
    std::vector<Future<T>> not_done;
};

namespace detail {
template <class T> std::vector<FutureStateBase*> states_of(const std::vector<Future<T>>& futures) {
    std::vector<FutureStateBase*> states;
    states.reserve(futures.size());
    for (const Future<T>& future : futures) {
        states.push_back(&future.state());
    }
    return states;
}
} // namespace detail

/// Blocks until enough of `futures`, from any executors, are done: Python's
/// concurrent.futures.wait. Does not cancel them and does not throw their exceptions; a timeout
/// that passes is not an error. Returns at once if there are no futures. Throws InvalidStateError
/// if one of them is empty. May be called from any thread that does not run a loop.
template <class T>
DoneNotDone<T> wait(std::vector<Future<T>> futures, const WaitOptions& options = {}) {
    detail::FutureCompletions(detail::states_of(futures), options.timeout)
        .wait(options.return_when);
    DoneNotDone<T> result;
    for (Future<T>& future : futures) {
        (future.done() ? result.done : result.not_done).push_back(std::move(future));
    }
    return result;
}

/// Returned by as_completed of futures: an input range, to be read once and by one thread.
template <class T> class CompletedFutures {
public:
    using value_type = Future<T>;
    using iterator = detail::PullIterator<CompletedFutures>;

    CompletedFutures(std::vector<Future<T>> futures,
                     std::optional<std::chrono::nanoseconds> timeout)
        : futures_(std::move(futures)), completions_(detail::states_of(futures_), timeout) {}

    /// Blocks until the first future is done. This and the iterator's `++` throw TimeoutError.
    iterator begin() { return iterator(*this); }
    std::default_sentinel_t end() const noexcept { return {}; }

private:
    friend iterator;
    std::optional<Future<T>> pull() {
        const std::optional<std::size_t> index = completions_.next();
        return index ? std::optional(futures_[*index]) : std::nullopt;
    }

    std::vector<Future<T>> futures_;
    detail::FutureCompletions completions_; // destroyed first
};

/// Yields each future once, in the order in which they complete: Python's
/// concurrent.futures.as_completed. Blocks the thread between them.
///
///     std::vector<hocket::Future<int>> futures;
///     for (auto& future : hocket::as_completed(futures)) std::cout << future.result();
///
/// With a timeout, counted from this call, TimeoutError is thrown if it passes before all futures
/// are done. Neither the timeout nor destroying the range cancels the futures.
template <class T>
CompletedFutures<T> as_completed(std::vector<Future<T>> futures,
                                 std::optional<std::chrono::nanoseconds> timeout) {
    const std::vector<bool> is_first = detail::first_ones(detail::states_of(futures));
    std::vector<Future<T>> each_once;
    for (std::size_t i = 0; i < futures.size(); ++i) {
        if (is_first[i]) {
            each_once.push_back(std::move(futures[i]));
        }
    }
    return CompletedFutures<T>(std::move(each_once), timeout);
}
template <class T> CompletedFutures<T> as_completed(std::vector<Future<T>> futures) {
    return as_completed(std::move(futures), std::nullopt);
}

} // namespace hocket
