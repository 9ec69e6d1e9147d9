#pragma once

#include <cstddef>
#include <new>
#include <span>
#include <utility>

#include "engine/bulk_memory.hpp"

namespace hocket::engine {

/// Buffers of one size, borrowed only while they hold data, so that an idle connection has none.
/// Belongs to one loop's thread.
class BufferPool {
public:
    /// Keeps up to `spare` unused buffers of `size` bytes.
    BufferPool(std::size_t size, std::size_t spare) noexcept : size_(size), most_spare_(spare) {}
    ~BufferPool() {
        while (first_ != nullptr) {
            const BulkMemory released = take_first();
        }
    }
    BufferPool(const BufferPool&) = delete;
    BufferPool& operator=(const BufferPool&) = delete;

    [[nodiscard]] std::size_t buffer_size() const noexcept { return size_; }
    [[nodiscard]] std::size_t spare() const noexcept { return spare_; }

    /// Throws std::bad_alloc.
    [[nodiscard]] BulkMemory take() {
        return first_ != nullptr ? take_first() : make_bulk_memory(size_);
    }

    void give_back(BulkMemory buffer) noexcept {
        if (spare_ < most_spare_) {
            first_ = new (buffer.release()) Spare{first_};
            ++spare_;
        }
    }

    /// A buffer for the length of a scope.
    class Loan {
    public:
        explicit Loan(BufferPool& pool) : pool_(pool), buffer_(pool.take()) {}
        ~Loan() { pool_.give_back(std::move(buffer_)); }
        Loan(const Loan&) = delete;
        Loan& operator=(const Loan&) = delete;

        [[nodiscard]] std::span<std::byte> bytes() const noexcept {
            return {buffer_.get(), pool_.size_};
        }

    private:
        BufferPool& pool_;
        BulkMemory buffer_;
    };

private:
    // A spare buffer begins with the link to the next one: what is received will go there anyway.
    struct Spare {
        Spare* next;
    };

    [[nodiscard]] BulkMemory take_first() noexcept {
        --spare_;
        return BulkMemory(reinterpret_cast<std::byte*>(std::exchange(first_, first_->next)));
    }

    std::size_t size_;
    std::size_t most_spare_;
    std::size_t spare_ = 0;
    Spare* first_ = nullptr;
};

} // namespace hocket::engine
