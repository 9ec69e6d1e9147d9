#pragma once

#include <source_location>
#include <type_traits>
#include <utility>

#include <hocket/coro.hpp>
#include <hocket/detail/loop/ensure_task.hpp>
#include <hocket/detail/threads/cross_thread_task.hpp>
#include <hocket/event_loop.hpp>
#include <hocket/future.hpp>

namespace hocket {

/// Runs `coro` as a task of `loop`, which runs on another thread, and returns a future for its
/// result: Python's asyncio.run_coroutine_threadsafe. May be called from any thread. Wait for the
/// future in a thread with `result()`, or await it on another loop; do not block on it in the
/// thread of `loop` itself.
///
/// The future throws the coroutine's exception unchanged. Cancelling the future cancels the task;
/// if it has not started, it never will. If the task is cancelled, so is the future. If the loop is
/// closed before the task has ended, the future fails with RuntimeError. Throws RuntimeError if the
/// loop is closed already.
template <class T>
Future<T> run_coroutine_threadsafe(Coro<T> coro, EventLoop& loop,
                                   std::source_location place = std::source_location::current()) {
    return detail::run_remotely(std::move(coro), loop, place);
}
/// The same for the coroutine returned by `callable()`, which is called on the loop's thread and
/// kept alive until the coroutine has ended.
template <detail::CoroFunction F>
detail::MadeOf<Future<detail::CoroValue<F>>, F>
run_coroutine_threadsafe(F&& callable, EventLoop& loop,
                         std::source_location place = std::source_location::current()) {
    return detail::run_remotely(
        detail::call_kept<detail::CoroValue<F>>(std::decay_t<F>(std::forward<F>(callable))), loop,
        place);
}

} // namespace hocket
