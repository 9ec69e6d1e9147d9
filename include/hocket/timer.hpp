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

/// Python's threading.Timer: a thread that waits and then calls a function, unless it is cancelled
/// first. In a program with a loop, `loop.call_later` needs no thread.
///
///     void ring(std::string message);
///     hocket::Timer timer(30s, ring, "late");
///     timer.start();
///     timer.cancel(); // in time
///
/// The destructor is that of Thread: it waits for a started timer's call, unless the timer was
/// cancelled or is a daemon. Movable; all functions may be called from any thread.
class Timer : public Thread {
public:
    /// Prepares a call of `function(args...)`, using copies of them, after `interval` has passed
    /// since `start` (at once if it is zero or negative). `join` throws the function's exception.
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

    /// Prevents the call and ends the thread if the time has not passed yet; may be called before
    /// `start`. Does nothing once the time has passed.
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
