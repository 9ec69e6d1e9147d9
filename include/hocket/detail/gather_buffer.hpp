#pragma once

#include <cstddef>
#include <cstring>
#include <string>
#include <vector>

namespace hocket::detail {

/// A stream for msgpack that does not copy large blocks: it remembers where they are. So they are
/// copied once, to where the message goes. They must stay for as long as this does.
class GatherBuffer {
public:
    void write(const char* data, std::size_t size) {
        if (size < by_reference) {
            own_.append(data, size);
            return;
        }
        blocks_.push_back({own_.size(), data, size});
        block_bytes_ += size;
    }
    [[nodiscard]] std::size_t size() const noexcept { return own_.size() + block_bytes_; }

    void copy_to(std::byte* to) const noexcept {
        std::size_t done = 0;
        for (const Block& block : blocks_) {
            to = copy(to, own_.data() + done, block.after - done);
            to = copy(to, block.data, block.size);
            done = block.after;
        }
        copy(to, own_.data() + done, own_.size() - done);
    }
    void clear() noexcept {
        own_.clear();
        blocks_.clear();
        block_bytes_ = 0;
    }

private:
    static constexpr std::size_t by_reference = 1024;

    struct Block {
        std::size_t after; // of the bytes in own_
        const char* data;
        std::size_t size;
    };
    static std::byte* copy(std::byte* to, const char* from, std::size_t size) noexcept {
        std::memcpy(to, from, size);
        return to + size;
    }

    std::string own_;
    std::vector<Block> blocks_;
    std::size_t block_bytes_ = 0;
};

} // namespace hocket::detail
