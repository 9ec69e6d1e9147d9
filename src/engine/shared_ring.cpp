#include "engine/shared_ring.hpp"

#include <new>

namespace hocket::engine {

MessageHeader* SharedRing::reserve(std::size_t size) noexcept {
    const std::size_t room = room_for(size);
    std::uint64_t position = positions_->written.load(std::memory_order_relaxed);
    const std::uint64_t read = positions_->read.load(std::memory_order_acquire);
    const std::size_t to_end = bytes_.size() - (position & (bytes_.size() - 1));
    const std::size_t skipped = room > to_end ? to_end : 0;
    if (position + skipped + room - read > bytes_.size()) {
        return nullptr;
    }
    if (skipped > 0) {
        // Only the size: there may be no room for more. The reader does not see it before the
        // commit.
        at(position)->size = skip_rest;
        position += skipped;
    }
    reserved_until_ = position + room;
    auto* header = ::new (at(position)) MessageHeader{};
    header->size = static_cast<std::uint32_t>(size);
    return header;
}

MessageHeader* SharedRing::front() noexcept {
    std::uint64_t position = positions_->read.load(std::memory_order_relaxed);
    if (position == positions_->written.load(std::memory_order_seq_cst)) {
        return nullptr;
    }
    if (at(position)->size == skip_rest) {
        position += bytes_.size() - (position & (bytes_.size() - 1));
        positions_->read.store(position, std::memory_order_release);
    }
    return at(position);
}

void SharedRing::pop() noexcept {
    const std::uint64_t position = positions_->read.load(std::memory_order_relaxed);
    positions_->read.store(position + room_for(at(position)->size), std::memory_order_release);
}

} // namespace hocket::engine
