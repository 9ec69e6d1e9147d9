#include "processes/calls/keep_freed_memory.hpp"

#include <malloc.h>

namespace hocket::detail {

void keep_freed_memory() noexcept {
    constexpr int most_kept = 256 << 20;
    ::mallopt(M_MMAP_MAX, 0);
    ::mallopt(M_TRIM_THRESHOLD, most_kept);
}

} // namespace hocket::detail
