#pragma once

#include <cstddef>
#include <memory>
#include <new>

namespace hocket::engine {

/// Memory for bytes that are copied in bulk begins this far behind the start of a page.
///
/// A copy whose target lies 8 to 128 bytes further into its page than its source, counted modulo
/// the page's size, takes up to twice the time: the processor holds back each load that seems to
/// overlap a store before it, and compares only the last twelve bits of their addresses. What the
/// kernel copies from begins mostly at a page's start, and what users copy from 16 bytes behind
/// one, since malloc puts every block of 128 KiB and more there.
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
