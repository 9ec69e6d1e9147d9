#pragma once

#include <exception>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <hocket/detail/loop/ensure_task.hpp>
#include <hocket/detail/tasks/gathering.hpp>

namespace hocket {

/// The result or the error of one of the awaitables passed to gather_settled.
template <class T> class Outcome {
    using Stored = detail::Slot<T>;

public:
    explicit Outcome(Stored value) : value_(std::move(value)) {}
    explicit Outcome(std::exception_ptr error) noexcept : error_(std::move(error)) {}

    [[nodiscard]] bool has_value() const noexcept { return !error_; }
    [[nodiscard]] explicit operator bool() const noexcept { return has_value(); }

    /// Returns the value, or throws the error.
    std::add_lvalue_reference_t<T> value() & {
        require_value();
        return static_cast<std::add_lvalue_reference_t<T>>(*value_);
    }
    std::add_lvalue_reference_t<const T> value() const& {
        require_value();
        return static_cast<std::add_lvalue_reference_t<const T>>(*value_);
    }
    T value() && {
        require_value();
        return static_cast<T>(*std::move(value_));
    }

    /// The exception, which is a CancelledError if it was cancelled; nullptr if there is a value.
    [[nodiscard]] const std::exception_ptr& error() const noexcept { return error_; }

private:
    void require_value() const {
        if (error_) {
            std::rethrow_exception(error_);
        }
    }

    std::optional<Stored> value_;
    std::exception_ptr error_;
};

/// Runs the given awaitables concurrently, each as a task, and returns a tuple of their results in
/// the order given: `auto [a, b] = co_await gather(f(), g())`. A void result becomes
/// std::monostate. The awaitables are coroutines, callables that return one, tasks (used as they
/// are), futures or other awaitables. The call itself schedules them, even if the gather is never
/// awaited. Python's asyncio.gather.
///
/// The first exception is thrown at once. The others keep running, and their later exceptions are
/// dropped. An awaitable that ended with CancelledError counts as an exception. Cancelling the
/// awaiting task cancels all of them; CancelledError is thrown when the first of them has responded
/// to the cancellation.
///
/// Throws RuntimeError if no loop is running on this thread, and ValueError for a task of another
/// loop.
template <detail::Startable... A>
auto gather(A&&... awaitables)
    -> detail::MadeOf<detail::Gather<std::tuple<detail::Unvoid<detail::StartableValue<A>>...>>,
                      A...> {
    return detail::gather_tuple<detail::FirstError>(std::forward<A>(awaitables)...);
}
/// The same for any number of awaitables of one type: returns a std::vector of the results (of
/// std::monostate for void).
template <class T>
detail::Gather<std::vector<detail::Unvoid<T>>> gather(std::vector<Coro<T>> coros) {
    return detail::gather_vector<detail::FirstError, T>(std::move(coros));
}
template <class T>
detail::Gather<std::vector<detail::Unvoid<T>>> gather(std::vector<Task<T>> tasks) {
    return detail::gather_vector<detail::FirstError, T>(std::move(tasks));
}

/// Like gather, but waits for all awaitables and returns the outcome of each: Python's
/// gather(return_exceptions=True). Throws CancelledError only if the awaiting task was cancelled,
/// once all awaitables have ended.
template <detail::Startable... A>
auto gather_settled(A&&... awaitables)
    -> detail::MadeOf<detail::Gather<std::tuple<Outcome<detail::StartableValue<A>>...>>, A...> {
    return detail::gather_tuple<detail::Settled>(std::forward<A>(awaitables)...);
}
template <class T>
detail::Gather<std::vector<Outcome<T>>> gather_settled(std::vector<Coro<T>> coros) {
    return detail::gather_vector<detail::Settled, T>(std::move(coros));
}
template <class T>
detail::Gather<std::vector<Outcome<T>>> gather_settled(std::vector<Task<T>> tasks) {
    return detail::gather_vector<detail::Settled, T>(std::move(tasks));
}

} // namespace hocket
