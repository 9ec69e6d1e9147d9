#include "net/read_buffer.hpp"

#include <utility>

#include <hocket/detail/net/read_operation.hpp>

#include "engine/stream.hpp"

namespace hocket::detail {

namespace {

// An empty buffer keeps this much memory, which a connection with short lines uses again and again.
constexpr std::size_t kept_capacity = 512;
// Reading directly into a reader's memory is worthwhile only if it is at least this large.
constexpr std::size_t least_direct_space = 4096;

} // namespace

ReadBuffer::ReadBuffer(std::size_t limit) : limit_(limit), marks_(2 * limit, limit) {
    if (limit == 0) {
        throw ValueError("the limit of a StreamReader cannot be 0");
    }
}

ReadBuffer::~ReadBuffer() {
    if (waiter_ != nullptr) {
        waiter_->lose_buffer();
    }
}

void ReadBuffer::feed_data(std::string_view data) {
    if (data.empty()) {
        return;
    }
    if (waiter_ != nullptr) {
        if (this->data().empty()) {
            data.remove_prefix(waiter_->offer(data));
        }
        if (!data.empty()) {
            append(data);
        }
        if (waiter_->is_satisfied()) {
            wake_waiter();
        }
    } else {
        append(data);
    }
    // Do not pause while a task waits: it may be waiting for more than the limit.
    if (waiter_ == nullptr && transport_ != nullptr && marks_.pause_at(this->data().size())) {
        transport_->pause_reading();
    }
}

void ReadBuffer::feed_eof() noexcept {
    eof_ = true;
    wake_waiter();
}

void ReadBuffer::set_exception(std::exception_ptr error) noexcept {
    exception_ = std::move(error);
    wake_waiter();
}

void ReadBuffer::set_exception_behind_data(std::exception_ptr error) noexcept {
    exception_behind_data_ = true;
    set_exception(std::move(error));
}

std::span<std::byte> ReadBuffer::direct_space() noexcept {
    if (waiter_ == nullptr || !data().empty() ||
        waiter_->direct_space().size() < least_direct_space) {
        return {};
    }
    return waiter_->direct_space();
}

void ReadBuffer::direct_filled(std::size_t count) noexcept {
    waiter_->direct_filled(count);
    wake_waiter();
}

void ReadBuffer::append(std::string_view data) {
    if (begin_ > 0 && bytes_.size() + data.size() > bytes_.capacity()) {
        bytes_.erase(0, begin_);
        begin_ = 0;
    }
    bytes_.append(data);
}

void ReadBuffer::consume(std::size_t count) noexcept {
    begin_ += count;
    if (begin_ == bytes_.size()) {
        begin_ = 0;
        if (bytes_.capacity() > kept_capacity) {
            std::string().swap(bytes_);
        } else {
            bytes_.clear();
        }
    }
    resume_transport_at(data().size());
}

void ReadBuffer::resume_transport_at(std::size_t size) noexcept {
    if (marks_.resume_at(size) && transport_ != nullptr) {
        transport_->resume_reading();
    }
}

void ReadBuffer::put_back(std::string_view data) {
    bytes_.replace(0, begin_, data);
    begin_ = 0;
}

void ReadBuffer::set_waiter(ReadOperation& waiter) noexcept {
    waiter_ = &waiter;
    resume_transport_at(0); // the buffered data is not enough for this task, however much it is
}

void ReadBuffer::wake_waiter() noexcept {
    if (ReadOperation* const waiter = std::exchange(waiter_, nullptr)) {
        waiter->wake();
    }
}

} // namespace hocket::detail
