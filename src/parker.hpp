#pragma once

#include <atomic>
#include <cstdint>

namespace hocket::detail {

/// Where one thread sleeps until another wakes it; a wake-up that comes first is kept. Straight on
/// the kernel's futex: the standard library's semaphore spins before it sleeps, which on a busy
/// machine hands the processor to and fro for every piece of work.
class Parker {
public:
    void park() noexcept;
    void unpark() noexcept;

private:
    std::atomic<std::uint32_t> token_{0};
};

} // namespace hocket::detail
