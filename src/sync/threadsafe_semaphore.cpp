#include <hocket/threadsafe_semaphore.hpp>

#include <string>

#include <hocket/errors.hpp>

namespace hocket {

namespace {

std::size_t checked_value(std::ptrdiff_t value) {
    if (value < 0) {
        throw ValueError("a semaphore's initial value must be at least 0, not " +
                         std::to_string(value));
    }
    return static_cast<std::size_t>(value);
}

constexpr std::size_t no_bound = detail::ThreadsafeWaitQueue::unlimited - 1;

} // namespace

ThreadsafeSemaphore::ThreadsafeSemaphore(std::ptrdiff_t value)
    : ThreadsafeSemaphore(value, no_bound, "ThreadsafeSemaphore") {}

ThreadsafeSemaphore::ThreadsafeSemaphore(std::ptrdiff_t value, std::size_t bound, const char* name)
    : ThreadsafePermits(checked_value(value), name), bound_(bound) {}

void ThreadsafeSemaphore::release(std::ptrdiff_t n) {
    if (n < 1) {
        throw ValueError("a semaphore must release at least 1, not " + std::to_string(n));
    }
    const std::scoped_lock lock(lock_);
    const auto count = static_cast<std::size_t>(n);
    if (waiters_.free() > bound_ || count > bound_ - waiters_.free()) {
        throw ValueError("a " + std::string(name_) +
                         " was released too many times: its value may "
                         "be at most " +
                         std::to_string(bound_));
    }
    waiters_.offer(count);
}

} // namespace hocket
