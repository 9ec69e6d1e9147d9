#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <utility>
#include <vector>

namespace hocket::engine {

/// Buffers of one size, lent for as long as bytes are in hand, so that an idle connection holds
/// none. Belongs to one loop's thread.
class BufferPool {
public:
    /// Up to `spare` buffers of `size` bytes are kept for the next use.
    BufferPool(std::size_t size, std::size_t spare) : size_(size), most_spare_(spare) {
        spare_.reserve(spare);
    }

    [[nodiscard]] std::size_t buffer_size() const noexcept { return size_; }
    [[nodiscard]] std::size_t spare() const noexcept { return spare_.size(); }

    /// Throws std::bad_alloc.
    [[nodiscard]] std::unique_ptr<std::byte[]> take() {
        if (spare_.empty()) {
            return std::make_unique_for_overwrite<std::byte[]>(size_);
        }
        auto buffer = std::move(spare_.back());
        spare_.pop_back();
        return buffer;
    }

    void give_back(std::unique_ptr<std::byte[]> buffer) noexcept {
        if (spare_.size() < most_spare_) {
            spare_.push_back(std::move(buffer)); // reserved: does not allocate
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
        std::unique_ptr<std::byte[]> buffer_;
    };

private:
    std::size_t size_;
    std::size_t most_spare_;
    std::vector<std::unique_ptr<std::byte[]>> spare_;
};

} // namespace hocket::engine
