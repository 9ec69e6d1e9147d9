#pragma once

#include <atomic>

namespace hocket::detail {

/// Guards a few instructions. Letting go is a plain store, which makes it half the price of a
/// std::mutex; a thread that finds it taken lets others run.
class SpinLock {
public:
    void lock() noexcept {
        while (taken_.exchange(true, std::memory_order_acquire)) {
            let_others_run();
        }
    }
    void unlock() noexcept { taken_.store(false, std::memory_order_release); }
    /// For who was told something by the holder: returns when that one has let go. A load is
    /// enough, for it cannot find the lock free as it was before the holder took it.
    void wait_until_free() const noexcept {
        while (taken_.load(std::memory_order_acquire)) {
            let_others_run();
        }
    }

private:
    static void let_others_run() noexcept;

    std::atomic<bool> taken_{false};
};

} // namespace hocket::detail
