#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include <hocket/engine/pool_call.hpp>

namespace hocket::detail {

/// A stream for msgpack that does not copy large blocks but keeps pointers to them, so that they
/// are copied only once, into the message's destination. The blocks must outlive the buffer.
class GatherBuffer {
public:
    void write(const char* data, std::size_t size) {
        if (size < by_reference) {
            own_.append(data, size);
            return;
        }
        refer_to(data, size);
    }
    [[nodiscard]] std::size_t size() const noexcept { return own_.size() + block_bytes_; }

    void copy_to(std::byte* to) const noexcept;
    /// Its pieces; valid until it changes.
    [[nodiscard]] engine::ByteRanges ranges() {
        if (!blocks_.empty()) {
            return ranges_around_blocks();
        }
        whole_ = own_;
        return {&whole_, 1};
    }
    void clear() noexcept {
        own_.clear();
        blocks_.clear();
        block_bytes_ = 0;
    }

private:
    static constexpr std::size_t by_reference = 1024;

    struct Block {
        std::size_t after; // how many bytes of own_ come before it
        const char* data;
        std::size_t size;
    };
    void refer_to(const char* data, std::size_t size);
    [[nodiscard]] engine::ByteRanges ranges_around_blocks();

    std::string own_;
    std::vector<Block> blocks_;
    std::size_t block_bytes_ = 0;
    std::span<const char> whole_;               // all of own_
    std::vector<std::span<const char>> ranges_; // parts of own_, and the blocks between them
};

} // namespace hocket::detail
