#include "engine/datagram_queue.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <new>

#include <sys/socket.h>
#include <sys/uio.h>

#include "engine/last_error.hpp"

namespace hocket::engine {

namespace {

constexpr std::size_t padded(std::size_t size) noexcept { return (size + 7) & ~std::size_t{7}; }

} // namespace

// The header of a datagram. Its address and then its bytes follow, each padded so that the next
// address is aligned.
struct DatagramQueue::Record {
    std::size_t size;
    std::size_t address_size;

    [[nodiscard]] static std::size_t space(std::size_t size, std::size_t address_size) noexcept {
        return sizeof(Record) + padded(address_size) + padded(size);
    }
    [[nodiscard]] std::size_t space() const noexcept { return space(size, address_size); }
    [[nodiscard]] const char* address() const noexcept {
        return reinterpret_cast<const char*>(this + 1);
    }
    [[nodiscard]] const char* data() const noexcept { return address() + padded(address_size); }
};

void DatagramQueue::push(std::string_view data, const SocketAddress& address) {
    const std::size_t address_size = address.native_size();
    const std::size_t space = Record::space(data.size(), address_size);
    if (last_ == nullptr || last_->room() < space) {
        Block* const block = Block::make(blocks_, space);
        (last_ == nullptr ? first_ : last_->next) = block;
        last_ = block;
    }
    new (last_->bytes() + last_->end) Record{data.size(), address_size};
    char* const bytes = last_->bytes() + last_->end + sizeof(Record);
    std::memcpy(bytes, address.native(), address_size);
    if (!data.empty()) {
        std::memcpy(bytes + padded(address_size), data.data(), data.size());
    }
    last_->end += space;
    ++count_;
    size_ += data.size() + header_size;
}

const DatagramQueue::Record& DatagramQueue::front() const noexcept {
    return *std::launder(reinterpret_cast<const Record*>(first_->bytes() + first_->begin));
}

std::string_view DatagramQueue::front_data() const noexcept {
    return {front().data(), front().size};
}

SocketAddress DatagramQueue::front_address() const noexcept {
    return SocketAddress::from_native(reinterpret_cast<const sockaddr*>(front().address()),
                                      front().address_size);
}

void DatagramQueue::pop() noexcept {
    const Record& record = front();
    --count_;
    size_ -= record.size + header_size;
    first_->begin += record.space();
    if (first_->begin == first_->end) {
        Block* const done = first_;
        first_ = done->next;
        if (first_ == nullptr) {
            last_ = nullptr;
        }
        Block::release(blocks_, done);
    }
}

void DatagramQueue::clear() noexcept {
    while (!empty()) {
        pop();
    }
}

DatagramQueue::Sent DatagramQueue::send(int fd) noexcept {
    std::array<mmsghdr, most_at_once> messages;
    std::array<iovec, most_at_once> pieces;
    unsigned count = 0;
    for (Block* block = first_; block != nullptr && count < most_at_once; block = block->next) {
        for (std::size_t at = block->begin; at < block->end && count < most_at_once; ++count) {
            const auto& record = *std::launder(reinterpret_cast<Record*>(block->bytes() + at));
            pieces[count] = {const_cast<char*>(record.data()), record.size};
            msghdr header{};
            if (record.address_size != 0) {
                header.msg_name = const_cast<char*>(record.address());
                header.msg_namelen = static_cast<socklen_t>(record.address_size);
            }
            header.msg_iov = &pieces[count];
            header.msg_iovlen = 1;
            messages[count].msg_hdr = header;
            at += record.space();
        }
    }
    int sent = 0;
    do {
        sent = ::sendmmsg(fd, messages.data(), count, MSG_NOSIGNAL | MSG_DONTWAIT);
    } while (sent < 0 && errno == EINTR);
    if (sent < 0) {
        return {0, last_error()};
    }
    for (int i = 0; i < sent; ++i) {
        pop();
    }
    return {static_cast<std::size_t>(sent), {}};
}

} // namespace hocket::engine
