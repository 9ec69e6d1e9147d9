#include <hocket/managed_lock.hpp>

#include <utility>

#include <hocket/wait.hpp>

namespace hocket {

namespace detail {

Coro<bool> HeldLock::acquire(int process, std::int64_t timeout) {
    if (timeout == for_ever) {
        co_await lock_.acquire();
    } else if (timeout == 0 && lock_.locked()) {
        co_return false;
    } else if (timeout == 0) {
        co_await lock_.acquire(); // free, or about to be had by who waits for it
    } else {
        try {
            Coro<bool> acquiring = lock_.acquire();
            co_await wait_for(std::move(acquiring), std::chrono::nanoseconds(timeout));
        } catch (const TimeoutError&) {
            co_return false;
        }
    }
    holder_ = process;
    co_return true;
}

void HeldLock::release() {
    lock_.release();
    holder_ = nobody;
}

void HeldLock::client_ended(int process) noexcept {
    if (holder_ == process) {
        release();
    }
}

} // namespace detail

using detail::HeldLock;

bool ManagedLock::acquire_within(std::int64_t nanoseconds) const {
    return ask<HeldLock>(
        [](HeldLock& lock, std::int64_t timeout) {
            return lock.acquire(detail::calling_process(), timeout);
        },
        nanoseconds);
}

void ManagedLock::release() const {
    ask<HeldLock>([](HeldLock& lock) { lock.release(); });
}

} // namespace hocket
