#include "engine/worker_link.hpp"

#include <climits>
#include <ctime>

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace hocket::engine {

void SharedEventcount::notify_all() noexcept {
    epoch.fetch_add(1, std::memory_order_seq_cst);
    if (waiters.load(std::memory_order_seq_cst) != 0) {
        ::syscall(SYS_futex, &epoch, FUTEX_WAKE, INT_MAX, nullptr, nullptr, 0);
    }
}

void SharedEventcount::sleep(std::uint32_t before, std::int64_t timeout) noexcept {
    const timespec limit{timeout / 1'000'000'000, timeout % 1'000'000'000};
    ::syscall(SYS_futex, &epoch, FUTEX_WAIT, before, timeout < 0 ? nullptr : &limit, nullptr, 0);
}

} // namespace hocket::engine
