#include <hocket/event_loop.hpp>

#include <string>
#include <thread>

#include <hocket/errors.hpp>
#include <hocket/thread_pool_executor.hpp>
#include <hocket/timeout.hpp>

#include "loop/event_loop_state.hpp"

namespace hocket {

void EventLoop::set_default_executor(std::shared_ptr<Executor> executor) {
    if (!executor) {
        throw ValueError("the default executor cannot be null");
    }
    state_->executor = std::move(executor);
}

Executor& EventLoop::default_executor() {
    if (state_->executor_shut_down) {
        throw RuntimeError("the default executor has been shut down");
    }
    if (!state_->executor) {
        state_->executor = std::make_shared<ThreadPoolExecutor>(
            0, ThreadPoolOptions{.thread_name_prefix = "hocket", .initializer = nullptr});
    }
    return *state_->executor;
}

Coro<> EventLoop::shutdown_default_executor(std::optional<std::chrono::nanoseconds> timeout) {
    state_->executor_shut_down = true;
    if (!state_->executor) {
        co_return;
    }
    // The executor's threads may need the loop in order to end, so a separate thread waits for
    // them.
    Promise<void> promise;
    const Future<void> ended = promise.get_future();
    promise.set_running_or_notify_cancel(); // cancelling the wait does not cancel the shutdown
    std::thread waiting([executor = state_->executor, promise = std::move(promise)]() mutable {
        executor->shutdown({.wait = true, .cancel_futures = false});
        executor.reset();
        promise.set_result();
    });
    std::exception_ptr cancelled;
    bool is_late = false;
    try {
        if (timeout) {
            const auto wait = [&ended]() -> Coro<> { co_await ended; };
            co_await with_timeout(*timeout, wait);
        } else {
            co_await ended;
        }
    } catch (const CancelledError&) {
        cancelled = std::current_exception();
    } catch (const TimeoutError&) {
        is_late = true;
    }
    if (is_late) {
        waiting.detach(); // it keeps the executor alive until that has ended
        call_exception_handler({"the default executor's threads did not end within " +
                                    std::to_string(timeout->count() / 1'000'000) + " ms",
                                nullptr,
                                AnyTask(),
                                {}});
    } else {
        waiting.join();
    }
    state_->executor.reset();
    if (cancelled) {
        std::rethrow_exception(cancelled);
    }
}

} // namespace hocket
