#pragma once

#include <cstddef>
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
        refer_to(data, size);
    }
    [[nodiscard]] std::size_t size() const noexcept { return own_.size() + block_bytes_; }

    void copy_to(std::byte* to) const noexcept;
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
    void refer_to(const char* data, std::size_t size);

    std::string own_;
    std::vector<Block> blocks_;
    std::size_t block_bytes_ = 0;
};

} // namespace hocket::detail
