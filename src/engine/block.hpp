#pragma once

#include <algorithm>
#include <cstddef>
#include <new>

#include "engine/buffer_pool.hpp"

namespace hocket::engine {

/// A buffer from a pool, or a larger one, as a link in a queue's chain. It begins with this header;
/// the queued data follows.
struct Block {
    Block* next = nullptr;
    std::size_t begin = 0; ///< Of the data still queued.
    std::size_t end = 0;
    std::size_t capacity;

    /// Makes a block with room for `at_least` bytes. Throws std::bad_alloc.
    [[nodiscard]] static Block* make(BufferPool& pool, std::size_t at_least) {
        const std::size_t capacity = std::max(at_least, standard_capacity(pool));
        BulkMemory memory = capacity == standard_capacity(pool)
                                ? pool.take()
                                : make_bulk_memory(capacity + sizeof(Block));
        return new (memory.release()) Block(capacity);
    }
    static void release(BufferPool& pool, Block* block) noexcept {
        const bool is_standard = block->capacity == standard_capacity(pool);
        BulkMemory memory(reinterpret_cast<std::byte*>(block));
        if (is_standard) {
            pool.give_back(std::move(memory));
        }
    }

    [[nodiscard]] char* bytes() noexcept { return reinterpret_cast<char*>(this + 1); }
    [[nodiscard]] std::size_t room() const noexcept { return capacity - end; }

private:
    explicit Block(std::size_t bytes) noexcept : capacity(bytes) {}
    static std::size_t standard_capacity(const BufferPool& pool) noexcept {
        return pool.buffer_size() - sizeof(Block);
    }
};

} // namespace hocket::engine
