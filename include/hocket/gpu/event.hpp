#pragma once

#include <chrono>

#include <hocket/detail/gpu/event_state.hpp>
#include <hocket/errors.hpp>
#include <hocket/future.hpp>

namespace hocket::gpu {

/// The end of a command of a Stream. A handle: copies refer to the same command. May be used from
/// any thread.
///
/// `co_await event` suspends the task until the command has ended, and throws its error. Cancelling
/// the task, or a timeout, ends the wait at once; the command goes on, and all memory that it uses
/// lives until it has ended. Events can be awaited any number of times, also by several tasks, and
/// can be passed to `gather`, `wait_for` and the like. An event that nobody waits for costs
/// nothing.
class Event {
public:
    using value_type = void;
    using hocket_awaitable = void;
    using hocket_future = void;

    explicit Event(detail::gpu::EventPointer state) noexcept : state_(std::move(state)) {}
    // There is no empty Event, so a moved one is a copy.
    Event(const Event&) noexcept = default;
    Event& operator=(const Event&) noexcept = default;
    ~Event() = default;

    /// Whether the command has ended, well or not. Asks the device, and does not wait for it.
    [[nodiscard]] bool done() const noexcept { return state_->is_complete(); }

    /// Blocks the thread until the command has ended. Throws its error, a GpuError. On a thread
    /// that runs a loop, this blocks all tasks of the loop: use `co_await` there.
    void wait() const { state_->wait_blocking(); }
    /// The same, but throws TimeoutError if `timeout` passes first.
    template <class Rep, class Period> void wait(std::chrono::duration<Rep, Period> timeout) const {
        if (!state_->wait_blocking(detail::deadline_after(timeout))) {
            throw TimeoutError("the device was not done in time");
        }
    }

    /// A future of the command's end, for code that works with futures of any kind. Its `cancel`
    /// has no effect.
    [[nodiscard]] Future<> future() const {
        state_->watch();
        state_->ref();
        return Future<>(detail::FuturePointer<detail::FutureState<void>>(state_.get()));
    }

    auto operator co_await() const {
        state_->watch_from_loop();
        return detail::FutureAwaiter<void>(*state_);
    }

    [[nodiscard]] const detail::gpu::EventPointer& state() const noexcept { return state_; }

private:
    detail::gpu::EventPointer state_;
};

} // namespace hocket::gpu
