#pragma once

#include <exception>
#include <functional>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

#include <hocket/detail/threads/fork_peers.hpp>
#include <hocket/thread_pool_executor.hpp>

namespace hocket {

/// A call that another thread of the pool may do meanwhile: fork-join without a future or any
/// allocation, for work that divides itself, at a few nanoseconds a fork.
///
///     long fib(int n) {
///         if (n < 2) return n;
///         hocket::Fork first([n] { return fib(n - 1); });
///         const long second = fib(n - 2);
///         return first.join() + second;
///     }
///     hocket::ThreadPoolExecutor pool;
///     const long result = hocket::fork_join(pool, [] { return fib(34); });
///
/// A local variable, joined by the thread that made it. Where nobody has taken the call it is made
/// in join(), on this thread; and so it always is on a thread that is neither a pool's worker nor
/// in fork_join(). While join() waits for a call that was taken it runs other forks: a call that
/// is forked must not wait for anything but its own forks, nor be joined with a lock held that
/// another fork might want. Not for coroutines that suspend between fork and join.
template <class F> class [[nodiscard]] Fork final : private detail::ForkJob {
    using R = std::invoke_result_t<F&>;
    static_assert(!std::is_reference_v<R>, "a Fork's call returns an object or nothing");

public:
    explicit Fork(F function)
        : ForkJob(&call), function_(std::move(function)), place_(detail::fork_place) {
        if (place_ != nullptr && !place_->offer(*this)) {
            place_ = nullptr;
        }
    }
    /// Not joined: the call is not made, unless it has begun; then waits for its end and drops what
    /// it returned or threw.
    ~Fork() {
        if (place_ != nullptr) [[unlikely]] {
            static_cast<void>(withdraw());
        }
    }

    /// Waits for the call or makes it, once. Returns what it returned, throws what it threw.
    R join() {
        if (place_ == nullptr || withdraw()) [[likely]] {
            return function_();
        }
        if (error_) {
            std::rethrow_exception(error_);
        }
        if constexpr (!std::is_void_v<R>) {
            return std::move(*value_);
        }
    }

private:
    using Value = std::conditional_t<std::is_void_v<R>, std::monostate, std::optional<R>>;

    // Whether it was not taken. Forks made after this one and not joined yet lie above it.
    bool withdraw() noexcept {
        detail::ForkPlace& place = *std::exchange(place_, nullptr);
        for (detail::ForkJob* job = place.deque.pop(); job != this; job = place.deque.pop()) {
            if (job == nullptr) {
                place.help_until_done(*this);
                return false;
            }
            job->run_taken();
        }
        return true;
    }

    static void call(detail::ForkJob& job) noexcept {
        auto& self = static_cast<Fork&>(job);
        try {
            if constexpr (std::is_void_v<R>) {
                self.function_();
            } else {
                self.value_.emplace(self.function_());
            }
        } catch (...) {
            self.error_ = std::current_exception();
        }
    }

    F function_;
    detail::ForkPlace* place_; // until joined
    [[no_unique_address]] Value value_;
    std::exception_ptr error_;
};

/// Calls `function()` on this thread and returns what it returns. Its forks are shared with the
/// workers of `pool`, so that this thread is one more of them: a pool for that has one worker less
/// than there are processors. May be nested; beyond 16 threads at a time, besides the workers, the
/// forks are not shared.
template <class F> decltype(auto) fork_join(ThreadPoolExecutor& pool, F&& function) {
    const detail::ForkGuest guest(pool.fork_peers());
    return std::invoke(std::forward<F>(function));
}

} // namespace hocket
