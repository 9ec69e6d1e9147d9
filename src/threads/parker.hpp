#pragma once

#include <atomic>
#include <cstdint>

#include "threads/futex.hpp"

namespace hocket::detail {

/// Where one thread sleeps until another wakes it; a wake-up that comes first is kept. Not the
/// standard library's semaphore: that spins before it sleeps, which on a busy machine hands the
/// processor to and fro for every piece of work.
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
