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

/// How one of the things that gather_settled waited for has ended.
template <class T> class Outcome {
    using Stored = detail::Slot<T>;

public:
    explicit Outcome(Stored value) : value_(std::move(value)) {}
    explicit Outcome(std::exception_ptr error) noexcept : error_(std::move(error)) {}

    [[nodiscard]] bool has_value() const noexcept { return !error_; }
    [[nodiscard]] explicit operator bool() const noexcept { return has_value(); }

    /// The value, or throws the error.
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

    /// What was thrown (a CancelledError for what was cancelled); nullptr when there is a value.
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

/// Runs the given awaitables side by side, each as a task, and yields their results as a tuple in
/// the order given
/// (`auto [a, b] = co_await gather(f(), g())`; std::monostate for void). They are coroutines,
/// callables that return one, tasks (used as they are), futures or other awaitables; they are
/// scheduled by the call, whether or not the gather is awaited. Python's asyncio.gather.
///
/// The first exception comes out at once, while the others go on; what they throw later is dropped.
/// A CancelledError that ended one of them counts as an exception. Cancelling the awaiting task
/// cancels all of them, and ends in CancelledError when the first one has answered that.
///
/// RuntimeError when no loop runs on this thread; ValueError for a task of another loop.
template <detail::Startable... A>
auto gather(A&&... awaitables)
    -> detail::Gather<std::tuple<detail::Unvoid<detail::StartableValue<A>>...>> {
    return detail::gather_tuple<detail::FirstError>(std::forward<A>(awaitables)...);
}
/// As above for any number of one type: yields a std::vector of the results (of std::monostate for
/// void).
template <class T>
detail::Gather<std::vector<detail::Unvoid<T>>> gather(std::vector<Coro<T>> coros) {
    return detail::gather_vector<detail::FirstError, T>(std::move(coros));
}
template <class T>
detail::Gather<std::vector<detail::Unvoid<T>>> gather(std::vector<Task<T>> tasks) {
    return detail::gather_vector<detail::FirstError, T>(std::move(tasks));
}

/// As gather, but waits for all of them and yields how each ended: Python's
/// gather(return_exceptions=True). Throws CancelledError only when the awaiting task was cancelled,
/// once all of them have ended.
template <detail::Startable... A>
auto gather_settled(A&&... awaitables)
    -> detail::Gather<std::tuple<Outcome<detail::StartableValue<A>>...>> {
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
