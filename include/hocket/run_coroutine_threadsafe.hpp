#pragma once

#include <type_traits>
#include <utility>

#include <hocket/coro.hpp>
#include <hocket/detail/loop/ensure_task.hpp>
#include <hocket/detail/threads/cross_thread_task.hpp>
#include <hocket/event_loop.hpp>
#include <hocket/future.hpp>

namespace hocket {

/// Runs `coro` as a task of `loop`, which runs on another thread, and returns a future of its
/// result: Python's asyncio.run_coroutine_threadsafe. Any thread. The future can be waited for by a
/// thread (`result()`) or awaited on another loop; do not block on it in `loop`'s own thread.
///
/// What the coroutine throws comes out of the future as it was thrown. Cancelling the future
/// cancels the task (one that has not started never does); a cancelled task leaves a cancelled
/// future. When the loop is closed before, the future fails with RuntimeError. RuntimeError when it
/// is closed already.
template <class T> Future<T> run_coroutine_threadsafe(Coro<T> coro, EventLoop& loop) {
    return detail::run_remotely(std::move(coro), loop);
}
/// The same for what `callable()` returns; it is called on the loop's thread, and kept until its
/// coroutine has ended.
template <detail::CoroFunction F>
Future<detail::CoroValue<F>> run_coroutine_threadsafe(F&& callable, EventLoop& loop) {
    return detail::run_remotely(
        detail::call_kept<detail::CoroValue<F>>(std::decay_t<F>(std::forward<F>(callable))), loop);
}

} // namespace hocket
