#include "threads/futex.hpp"

#include <ctime>

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace hocket::detail {

static_assert(sizeof(std::atomic<std::uint32_t>) == 4, "the kernel compares four bytes");

void wait_on_futex(std::atomic<std::uint32_t>& word, std::uint32_t expected,
                   std::optional<std::chrono::nanoseconds> timeout) noexcept {
    timespec time{};
    if (timeout) {
        time.tv_sec = static_cast<std::time_t>(timeout->count() / 1'000'000'000);
        time.tv_nsec = static_cast<long>(timeout->count() % 1'000'000'000);
    }
    ::syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, expected, timeout ? &time : nullptr, nullptr,
              0);
}

void wake_futex(std::atomic<std::uint32_t>& word) noexcept {
    ::syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0);
}

} // namespace hocket::detail
