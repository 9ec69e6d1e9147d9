#include <hocket/detail/processes/calls/gather_buffer.hpp>

#include <cstring>

namespace hocket::detail {

namespace {

std::byte* copy(std::byte* to, const char* from, std::size_t size) noexcept {
    std::memcpy(to, from, size);
    return to + size;
}

} // namespace

void GatherBuffer::refer_to(const char* data, std::size_t size) {
    blocks_.push_back({own_.size(), data, size});
    block_bytes_ += size;
}

engine::ByteRanges GatherBuffer::ranges_around_blocks() {
    ranges_.clear();
    std::size_t done = 0;
    for (const Block& block : blocks_) {
        ranges_.emplace_back(own_.data() + done, block.after - done);
        ranges_.emplace_back(block.data, block.size);
        done = block.after;
    }
    ranges_.emplace_back(own_.data() + done, own_.size() - done);
    return ranges_;
}

void GatherBuffer::copy_to(std::byte* to) const noexcept {
    std::size_t done = 0;
    for (const Block& block : blocks_) {
        to = copy(to, own_.data() + done, block.after - done);
        to = copy(to, block.data, block.size);
        done = block.after;
    }
    copy(to, own_.data() + done, own_.size() - done);
}

} // namespace hocket::detail
