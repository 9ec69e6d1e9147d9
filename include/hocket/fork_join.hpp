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

/// A call that another thread of the pool may run in the meantime. This is fork-join for
/// divide-and-conquer work: there is no future and no allocation, and a fork costs a few
/// nanoseconds.
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
/// Use a Fork as a local variable, and join it on the thread that created it. If no other thread
/// has taken the call, join() runs it on this thread. That is always so on a thread that is neither
/// a pool worker nor inside fork_join().
///
/// While join() waits for a call that was taken, it runs other forks. Therefore a forked call must
/// not wait for anything but its own forks, and must not be joined while holding a lock that
/// another fork might need. Do not use a Fork in a coroutine that suspends between fork and join.
template <class F> class [[nodiscard]] Fork final : private detail::ForkJob {
    using R = std::invoke_result_t<F&>;
    static_assert(!std::is_reference_v<R>, "a Fork's call returns an object or nothing");

public:
    explicit Fork(F function)
        : ForkJob(&call), function_(std::move(function)), slot_(detail::fork_slot) {
        if (slot_ != nullptr && !slot_->offer(*this)) {
            slot_ = nullptr;
        }
    }
    /// If not joined: a call that has not begun is dropped. Otherwise waits for it to end and drops
    /// its result or exception.
    ~Fork() {
        if (slot_ != nullptr) [[unlikely]] {
            static_cast<void>(withdraw());
        }
    }

    /// Waits for the call, or runs it on this thread, and returns its result or throws its
    /// exception. May be called once.
    R join() {
        if (slot_ == nullptr || withdraw()) [[likely]] {
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

    // Takes the call back. Returns false if another thread took it. Forks created after this one
    // and not joined yet lie above it in the deque.
    bool withdraw() noexcept {
        detail::ForkSlot& slot = *std::exchange(slot_, nullptr);
        for (detail::ForkJob* job = slot.deque.pop(); job != this; job = slot.deque.pop()) {
            if (job == nullptr) {
                slot.help_until_done(*this);
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
    detail::ForkSlot* slot_; // until joined
    [[no_unique_address]] Value value_;
    std::exception_ptr error_;
};

/// Calls `function()` on this thread and returns its result. Its forks are shared with the workers
/// of `pool`, so this thread acts as one more worker: give the pool one worker fewer than there are
/// processors. Calls may be nested. If more than 16 threads besides the workers use a pool this way
/// at once, the forks of the additional threads are not shared.
template <class F> decltype(auto) fork_join(ThreadPoolExecutor& pool, F&& function) {
    const detail::ForkGuest guest(pool.fork_peers());
    return std::invoke(std::forward<F>(function));
}

} // namespace hocket
