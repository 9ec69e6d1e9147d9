#pragma once

#include <cstddef>
#include <memory>
#include <new>

namespace hocket::engine {

/// The offset from the start of a page at which memory for bulk copies begins.
///
/// A copy takes up to twice as long if its target's offset in the page is 8 to 128 bytes larger
/// than its source's (modulo the page size). The processor delays each load that seems to overlap
/// an earlier store, and it compares only the last twelve bits of their addresses. The kernel's
/// source buffers mostly start at offset 0, and users' large buffers at offset 16, where malloc
/// puts all blocks of 128 KiB and more.
inline constexpr std::size_t bulk_offset = 256;

struct BulkDelete {
    static constexpr std::align_val_t page{4096};
    void operator()(std::byte* memory) const noexcept {
        ::operator delete[](memory - bulk_offset, page);
    }
};
using BulkMemory = std::unique_ptr<std::byte[], BulkDelete>;

/// Throws std::bad_alloc.
[[nodiscard]] inline BulkMemory make_bulk_memory(std::size_t size) {
    void* const page = ::operator new[](bulk_offset + size, BulkDelete::page);
    return BulkMemory(static_cast<std::byte*>(page) + bulk_offset);
}

} // namespace hocket::engine
