#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <type_traits>
#include <utility>

#include <hocket/detail/loop/callback.hpp>
#include <hocket/detail/loop/deadline.hpp>
#include <hocket/thread.hpp>
#include <hocket/threadsafe_event.hpp>

namespace hocket {

/// Python's threading.Timer: a thread that waits, and then calls a function, unless it is cancelled
/// before. In a program with a loop, `loop.call_later` does it without a thread.
///
///     void ring(std::string message);
///     hocket::Timer timer(30s, ring, "late");
///     timer.start();
///     timer.cancel(); // in time
///
/// The destructor is Thread's: it waits for the call of a timer that was started and neither
/// cancelled nor made a daemon. Movable; any thread may call any function.
class Timer : public Thread {
public:
    /// Will call `function(args...)`, copies of them, when `interval` has passed since `start` (at
    /// once when it is not positive). What the function throws comes out of `join`.
    template <class Rep, class Period, class F, class... Args>
    requires detail::CallableWith<F, Args...>
    explicit Timer(std::chrono::duration<Rep, Period> interval, F&& function, Args&&... args)
        : Timer(ThreadOptions(), interval, std::forward<F>(function), std::forward<Args>(args)...) {
    }
    template <class Rep, class Period, class F, class... Args>
    requires detail::CallableWith<F, Args...>
    explicit Timer(const ThreadOptions& options, std::chrono::duration<Rep, Period> interval,
                   F&& function, Args&&... args)
        : Timer(std::make_shared<ThreadsafeEvent>(), options, detail::to_nanoseconds(interval),
                std::forward<F>(function), std::forward<Args>(args)...) {}

    /// Keeps the function from being called, and ends the thread, if the time has not passed yet;
    /// also before `start`. Nothing happens when it has.
    void cancel() noexcept {
        if (cancelled_) {
            cancelled_->set();
        }
    }

private:
    template <class F, class... Args>
    Timer(std::shared_ptr<ThreadsafeEvent> cancelled, const ThreadOptions& options,
          std::chrono::nanoseconds interval, F&& function, Args&&... args)
        : Thread(
              options,
              [cancelled, interval](auto&& call, auto&&... arguments) {
                  if (!cancelled->wait_blocking(interval)) {
                      std::invoke(std::forward<decltype(call)>(call),
                                  std::forward<decltype(arguments)>(arguments)...);
                  }
              },
              std::forward<F>(function), std::forward<Args>(args)...),
          cancelled_(std::move(cancelled)) {}

    std::shared_ptr<ThreadsafeEvent> cancelled_;
};

} // namespace hocket
