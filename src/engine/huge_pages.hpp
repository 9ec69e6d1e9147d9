#pragma once

#include <cstddef>
#include <cstdint>

#include <sys/mman.h>

namespace hocket::engine {

/// Asks for large pages for memory that was allocated and not used yet: a large buffer that is
/// written once costs more for its page faults than for its bytes. Does nothing to small buffers.
inline void prefer_huge_pages(void* memory, std::size_t size) noexcept {
    constexpr std::size_t least = std::size_t{4} << 20;
    constexpr std::uintptr_t page = 4096;
    if (size < least) {
        return;
    }
    const auto begin = (reinterpret_cast<std::uintptr_t>(memory) + page - 1) / page * page;
    const auto end = (reinterpret_cast<std::uintptr_t>(memory) + size) / page * page;
    ::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_HUGEPAGE);
}

} // namespace hocket::engine
