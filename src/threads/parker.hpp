#pragma once

#include <atomic>
#include <cstdint>

#include "threads/futex.hpp"

namespace hocket::detail {

/// One thread sleeps here until another wakes it; a wake-up that comes first is remembered. Not a
/// std::counting_semaphore, because that spins before it sleeps, which on a busy machine causes
/// context switches for every piece of work.
class Parker {
public:
    void park() noexcept {
        while (token_.exchange(0, std::memory_order_acquire) == 0) {
            wait_on_futex(token_, 0);
        }
    }
    void unpark() noexcept {
        token_.store(1, std::memory_order_release);
        wake_futex(token_);
    }

private:
    std::atomic<std::uint32_t> token_{0};
};

} // namespace hocket::detail
