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

/// What Python calls a future: its work goes on whether or not it is awaited, so that a task made
/// of it waits on it from the beginning, and passes on a cancellation from the beginning.
template <class A> inline constexpr bool is_under_way = requires { typename A::hocket_future; };
template <class T> inline constexpr bool is_under_way<Future<T>> = true;

template <class A> inline constexpr bool is_task = false;
template <class T> inline constexpr bool is_task<Task<T>> = true;

/// An awaitable that is neither a Coro nor a Task: a Future, a sleep, a lock's acquire.
template <class A>
concept OtherAwaitable = Awaitable<A> && !is_coro<Plain<A>> && !is_task<Plain<A>>;

/// What gather, wait_for and their like take: something to await, or a callable that returns a
/// Coro.
template <class A>
concept Startable = Awaitable<A> || CoroFunction<A>;

template <class A> struct StartableTraits {
    using value_type = typename Plain<A>::value_type;
};
template <CoroFunction A> struct StartableTraits<A> {
    using value_type = CoroValue<A>;
};
/// What awaiting (the coroutine of) an A yields.
template <class A> using StartableValue = typename StartableTraits<A>::value_type;

/// void as a type that there are objects of.
template <class T> using Unvoid = std::conditional_t<std::is_void_v<T>, std::monostate, T>;
/// What keeps a T, be it a reference or void.
template <class T>
using Slot = std::conditional_t<std::is_reference_v<T>,
                                std::reference_wrapper<std::remove_reference_t<T>>, Unvoid<T>>;

template <class T, class A> Coro<T> await_owned(A awaitable) {
    co_return co_await std::move(awaitable);
}
template <class T, class F> Coro<T> call_kept(F callable) { co_return co_await callable(); }

/// `awaitable` as something that can be kept and moved. An operation that cannot be moved is to
/// convert to a Coro, as sleep() does.
template <Startable A> auto own(A&& awaitable) {
    using T = StartableValue<A>;
    if constexpr (CoroFunction<A>) {
        return call_kept<T>(std::decay_t<A>(std::forward<A>(awaitable)));
    } else if constexpr (std::is_constructible_v<Plain<A>, A&&>) {
        return Plain<A>(std::forward<A>(awaitable));
    } else {
        static_assert(std::convertible_to<A&&, Coro<T>>,
                      "hocket cannot keep this awaitable: it neither moves nor converts to a Coro");
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

/// As spawn, for a caller who does not know where it was called: with the place of the coroutine's
/// definition.
template <class T> Task<T> spawn_defined(LoopCore& loop, Coro<T> coro) {
    if (!coro) [[unlikely]] {
        throw_already_awaited(nullptr);
    }
    PromiseBase* root = coro.release();
    return launch(new TaskState<T>(loop, root->where), *root, nullptr);
}

/// Python's ensure_future: a task as it is, and a new one for anything else.
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

/// Schedules whatever can be awaited: `create_task(sleep(1s))`.
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
