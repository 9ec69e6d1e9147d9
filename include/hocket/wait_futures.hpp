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

/// What waiting for futures returns: the futures it was given, in that order.
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

/// Blocks until enough of `futures` are done, whoever makes them: Python's concurrent.futures.wait.
/// Does not cancel them, does not throw what they threw, and that the timeout passes is no error.
/// With no futures it returns at once. InvalidStateError when one of them is empty. Any thread
/// that runs no loop.
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

/// What as_completed of futures returns: an input range, once, for one thread.
template <class T> class CompletedFutures {
public:
    using value_type = Future<T>;
    using iterator = detail::PullIterator<CompletedFutures>;

    CompletedFutures(std::vector<Future<T>> futures,
                     std::optional<std::chrono::nanoseconds> timeout)
        : futures_(std::move(futures)), completions_(detail::states_of(futures_), timeout) {}

    /// Blocks until the first one is done. TimeoutError, from here and from the iterator's `++`.
    iterator begin() { return iterator(*this); }
    std::default_sentinel_t end() const noexcept { return {}; }

private:
    friend iterator;
    std::optional<Future<T>> pull() {
        const std::optional<std::size_t> index = completions_.next();
        return index ? std::optional(futures_[*index]) : std::nullopt;
    }

    std::vector<Future<T>> futures_;
    detail::FutureCompletions completions_; // goes first
};

/// Yields the futures as they are done, each once: Python's concurrent.futures.as_completed. Blocks
/// the thread between them.
///
///     std::vector<hocket::Future<int>> futures;
///     for (auto& future : hocket::as_completed(futures)) std::cout << future.result();
///
/// With a timeout, counted from this call, TimeoutError is thrown when it passes before all are
/// done. The futures are not cancelled, neither by that nor by dropping the range.
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
