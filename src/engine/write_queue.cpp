#include "engine/write_queue.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <sys/socket.h>
#include <sys/uio.h>

#include "engine/last_error.hpp"
#include "engine/pipe_channel.hpp"

namespace hocket::engine {

void WriteQueue::append(std::string_view data) {
    if (first_ == nullptr) {
        if (inline_begin_ == inline_end_) {
            inline_begin_ = inline_end_ = 0;
        }
        if (data.size() <= inline_capacity - inline_end_) {
            std::copy(data.begin(), data.end(), inline_.data() + inline_end_);
            inline_end_ = static_cast<std::uint16_t>(inline_end_ + data.size());
            size_ += data.size();
            return;
        }
    }
    const std::size_t room = last_ == nullptr ? 0 : last_->room();
    const std::size_t into_last = std::min(room, data.size());
    Block* more = into_last < data.size() ? Block::make(blocks_, data.size() - into_last) : nullptr;
    if (into_last > 0) {
        std::memcpy(last_->bytes() + last_->end, data.data(), into_last);
        last_->end += into_last;
    }
    if (more != nullptr) {
        std::memcpy(more->bytes(), data.data() + into_last, data.size() - into_last);
        more->end = data.size() - into_last;
        (last_ == nullptr ? first_ : last_->next) = more;
        last_ = more;
    }
    size_ += data.size();
}

void WriteQueue::clear() noexcept { consume(size_); }

void WriteQueue::consume(std::size_t count) noexcept {
    size_ -= count;
    const std::size_t from_inline =
        std::min<std::size_t>(count, static_cast<std::size_t>(inline_end_ - inline_begin_));
    inline_begin_ = static_cast<std::uint16_t>(inline_begin_ + from_inline);
    count -= from_inline;
    while (count > 0) {
        const std::size_t in_block = std::min(count, first_->end - first_->begin);
        first_->begin += in_block;
        count -= in_block;
        if (first_->begin == first_->end) {
            Block* done = first_;
            first_ = done->next;
            if (first_ == nullptr) {
                last_ = nullptr;
            }
            Block::release(blocks_, done);
        }
    }
}

WriteQueue::Sent WriteQueue::send(int socket, PipeChannel* pipe, std::string_view tail) noexcept {
    std::array<iovec, most_pieces> pieces;
    std::size_t count = 0;
    std::size_t queued = 0; // bytes of the queue in the pieces
    if (inline_begin_ != inline_end_) {
        const auto length = static_cast<std::size_t>(inline_end_ - inline_begin_);
        pieces[count++] = {inline_.data() + inline_begin_, length};
        queued += length;
    }
    for (Block* block = first_; block != nullptr && count < most_pieces; block = block->next) {
        const std::size_t length = block->end - block->begin;
        pieces[count++] = {block->bytes() + block->begin, length};
        queued += length;
    }
    if (!tail.empty() && queued == size_ && count < most_pieces) {
        pieces[count++] = {const_cast<char*>(tail.data()), tail.size()};
    }
    if (count == 0) {
        return {};
    }
    ssize_t sent = 0;
    do {
        if (pipe != nullptr) {
            sent = pipe->write({pieces.data(), count});
        } else if (count == 1) {
            sent = ::send(socket, pieces[0].iov_base, pieces[0].iov_len, MSG_NOSIGNAL);
        } else {
            msghdr message{};
            message.msg_iov = pieces.data();
            message.msg_iovlen = count;
            sent = ::sendmsg(socket, &message, MSG_NOSIGNAL);
        }
    } while (sent < 0 && errno == EINTR);
    if (sent < 0) {
        return {0, would_block() ? std::error_code() : last_error()};
    }
    const auto out = static_cast<std::size_t>(sent);
    consume(std::min(out, queued));
    return {out > queued ? out - queued : 0, {}};
}

// As most messages leave: nothing is queued in blocks, nothing follows.
WriteQueue::Sent WriteQueue::send_inline(int socket) noexcept {
    if (size_ == 0) {
        return {};
    }
    ssize_t sent = 0;
    do {
        sent = ::send(socket, inline_.data() + inline_begin_, size_, MSG_NOSIGNAL);
    } while (sent < 0 && errno == EINTR);
    if (sent < 0) {
        return {0, would_block() ? std::error_code() : last_error()};
    }
    inline_begin_ = static_cast<std::uint16_t>(inline_begin_ + sent);
    size_ -= static_cast<std::size_t>(sent);
    return {};
}

} // namespace hocket::engine
