#include "parker.hpp"

#include <climits>

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace hocket::detail {

namespace {

static_assert(sizeof(std::atomic<std::uint32_t>) == 4, "a futex is four bytes");

void futex(std::atomic<std::uint32_t>& word, int operation, std::uint32_t value) noexcept {
    ::syscall(SYS_futex, &word, operation | FUTEX_PRIVATE_FLAG, value, nullptr, nullptr, 0);
}

} // namespace

void Parker::park() noexcept {
    while (token_.exchange(0, std::memory_order_acquire) == 0) {
        futex(token_, FUTEX_WAIT, 0);
    }
}

void Parker::unpark() noexcept {
    token_.store(1, std::memory_order_release);
    futex(token_, FUTEX_WAKE, 1);
}

} // namespace hocket::detail
