#include "engine/datagram_batch.hpp"

#include <algorithm>
#include <cerrno>

#include "engine/last_error.hpp"

namespace hocket::engine {

namespace {

// Padding: slots a power of two apart would all map to the same few cache lines.
constexpr std::size_t line = 64;

} // namespace

DatagramBatch::DatagramBatch()
    : memory_(std::make_unique_for_overwrite<std::byte[]>(most * (smallest_slot + line))) {
    divide(smallest_slot);
}

void DatagramBatch::divide(std::size_t slot) noexcept {
    slot_ = slot;
    capacity_ = most * (smallest_slot + line) / (slot + line);
    for (std::size_t i = 0; i < capacity_; ++i) {
        pieces_[i] = {memory_.get() + i * (slot + line), slot};
        messages_[i] = {};
        messages_[i].msg_hdr.msg_name = addresses_[i].native_space();
        messages_[i].msg_hdr.msg_iov = &pieces_[i];
        messages_[i].msg_hdr.msg_iovlen = 1;
    }
    used_ = capacity_;
}

DatagramBatch::Received DatagramBatch::receive(int fd, std::size_t largest) noexcept {
    if (const std::size_t slot = std::max(largest, smallest_slot); slot != slot_) {
        divide(slot);
    }
    for (std::size_t i = 0; i < used_; ++i) {
        messages_[i].msg_hdr.msg_namelen = SocketAddress::native_capacity();
    }
    int received = 0;
    do {
        received = ::recvmmsg(fd, messages_.data(), static_cast<unsigned>(capacity_),
                              MSG_DONTWAIT | MSG_TRUNC, nullptr);
    } while (received < 0 && errno == EINTR);
    used_ = received < 0 ? 0 : static_cast<std::size_t>(received);
    if (received < 0) {
        const bool is_empty = would_block();
        return {0, is_empty ? std::error_code() : last_error()};
    }
    for (std::size_t i = 0; i < used_; ++i) {
        addresses_[i].set_native_size(messages_[i].msg_hdr.msg_namelen);
    }
    return {used_, {}};
}

std::string_view DatagramBatch::data(std::size_t index) const noexcept {
    return {static_cast<const char*>(pieces_[index].iov_base),
            std::min(full_size(index), pieces_[index].iov_len)};
}

} // namespace hocket::engine
