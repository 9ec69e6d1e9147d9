#pragma once

#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include "engine/bulk_memory.hpp"

namespace hocket::engine {

/// Buffers of one size, borrowed only while they hold data, so that an idle connection has none.
/// Belongs to one loop's thread.
class BufferPool {
public:
    /// Keeps up to `spare` unused buffers of `size` bytes.
    BufferPool(std::size_t size, std::size_t spare) : size_(size), most_spare_(spare) {
        spare_.reserve(spare);
    }

    [[nodiscard]] std::size_t buffer_size() const noexcept { return size_; }
    [[nodiscard]] std::size_t spare() const noexcept { return spare_.size(); }

    /// Throws std::bad_alloc.
    [[nodiscard]] BulkMemory take() {
        if (spare_.empty()) {
            return make_bulk_memory(size_);
        }
        auto buffer = std::move(spare_.back());
        spare_.pop_back();
        return buffer;
    }

    void give_back(BulkMemory buffer) noexcept {
        if (spare_.size() < most_spare_) {
            spare_.push_back(std::move(buffer)); // capacity is reserved, so this does not allocate
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
    std::size_t size_;
    std::size_t most_spare_;
    std::vector<BulkMemory> spare_;
};

} // namespace hocket::engine
