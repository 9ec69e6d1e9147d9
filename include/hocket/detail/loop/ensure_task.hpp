#pragma once

#include <concepts>
#include <functional>
#include <source_location>
#include <type_traits>
#include <utility>
#include <variant>

#include <hocket/detail/loop/promise_base.hpp>
#include <hocket/task.hpp>

namespace hocket {

template <class T> class Future;

namespace detail {

/// True for what Python calls a future: its work proceeds whether or not it is awaited. A task made
/// from it therefore waits for it, and passes cancellation on to it, from the beginning.
template <class A> inline constexpr bool is_under_way = requires { typename A::hocket_future; };
template <class T> inline constexpr bool is_under_way<Future<T>> = true;

template <class A> inline constexpr bool is_task = false;
template <class T> inline constexpr bool is_task<Task<T>> = true;

/// An awaitable that is neither a Coro nor a Task: a Future, a sleep, a lock's acquire.
template <class A>
concept OtherAwaitable = Awaitable<A> && !is_coro<Plain<A>> && !is_task<Plain<A>>;

/// An argument of gather, wait_for and the like: something to await, or a callable that returns a
/// Coro.
template <class A>
concept Startable = Awaitable<A> || CoroFunction<A>;

template <class A> struct StartableTraits {
    using value_type = typename Plain<A>::value_type;
};
template <CoroFunction A> struct StartableTraits<A> {
    using value_type = CoroValue<A>;
};
/// The type of the value that awaiting an A, or the coroutine it returns, yields.
template <class A> using StartableValue = typename StartableTraits<A>::value_type;

/// T, but for void a type that has objects.
template <class T> using Unvoid = std::conditional_t<std::is_void_v<T>, std::monostate, T>;
/// A type that stores a T, which may be a reference or void.
template <class T>
using Slot = std::conditional_t<std::is_reference_v<T>,
                                std::reference_wrapper<std::remove_reference_t<T>>, Unvoid<T>>;

template <class T, class A> Coro<T> await_owned(A awaitable) {
    co_return co_await std::move(awaitable);
}
template <class T, class F> Coro<T> call_kept(F callable) { co_return co_await callable(); }

/// Turns `awaitable` into something that can be stored and moved. An operation that cannot be moved
/// must convert to a Coro, as sleep() does.
template <Startable A> auto own(A&& awaitable) {
    using T = StartableValue<A>;
    if constexpr (CoroFunction<A>) {
        return call_kept<T>(std::decay_t<A>(std::forward<A>(awaitable)));
    } else if constexpr (std::is_constructible_v<Plain<A>, A&&>) {
        return Plain<A>(std::forward<A>(awaitable));
    } else {
        static_assert(
            std::convertible_to<A&&, Coro<T>>,
            "hocket cannot keep this awaitable: it is not movable and does not convert to a Coro");
        return static_cast<Coro<T>>(std::forward<A>(awaitable));
    }
}

template <OtherAwaitable A>
auto spawn_awaitable(LoopCore& loop, A&& awaitable, const TaskOptions* options,
                     std::source_location place) {
    using T = StartableValue<A>;
    if constexpr (is_under_way<Plain<A>>) {
        TaskOptions eager = options != nullptr ? *options : TaskOptions();
        eager.eager_start = true;
        return spawn(loop, await_owned<T>(own(std::forward<A>(awaitable))), &eager, place);
    } else if constexpr (std::convertible_to<A&&, Coro<T>>) {
        return spawn(loop, static_cast<Coro<T>>(std::forward<A>(awaitable)), options, place);
    } else {
        return spawn(loop, await_owned<T>(own(std::forward<A>(awaitable))), options, place);
    }
}

/// Like spawn, but for callers that do not know their own caller's source location; uses that of
/// the coroutine's definition.
template <class T> Task<T> spawn_defined(LoopCore& loop, Coro<T> coro) {
    if (!coro) [[unlikely]] {
        throw_already_awaited(nullptr);
    }
    PromiseBase* root = coro.release();
    return launch(new TaskState<T>(loop, root->where), *root, nullptr);
}

/// Python's ensure_future: returns a task unchanged and creates a new task for anything else.
template <Startable A> Task<StartableValue<A>> ensure_task(A&& awaitable) {
    if constexpr (is_task<Plain<A>>) {
        return Plain<A>(std::forward<A>(awaitable));
    } else if constexpr (CoroFunction<A>) {
        return spawn_call(require_running_core(), nullptr, nullptr, std::forward<A>(awaitable));
    } else if constexpr (is_coro<Plain<A>>) {
        return spawn_defined(require_running_core(), Plain<A>(std::forward<A>(awaitable)));
    } else {
        return spawn_awaitable(require_running_core(), std::forward<A>(awaitable), nullptr,
                               std::source_location());
    }
}

} // namespace detail

/// Creates a task that awaits any awaitable: `create_task(sleep(1s))`.
template <detail::OtherAwaitable A>
auto create_task(A&& awaitable, std::source_location place = std::source_location::current())
    -> detail::MadeOf<Task<detail::StartableValue<A>>, A> {
    return detail::spawn_awaitable(detail::require_running_core(), std::forward<A>(awaitable),
                                   nullptr, place);
}
template <detail::OtherAwaitable A>
auto create_task(A&& awaitable, const TaskOptions& options,
                 std::source_location place = std::source_location::current())
    -> detail::MadeOf<Task<detail::StartableValue<A>>, A> {
    return detail::spawn_awaitable(detail::require_running_core(), std::forward<A>(awaitable),
                                   &options, place);
}

} // namespace hocket
