#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <system_error>

#include "engine/block.hpp"
#include "engine/buffer_pool.hpp"

namespace hocket::engine {

class PipeChannel;

/// Bytes waiting to be sent to a socket or a pipe, in order. Small writes are copied together: the
/// first few bytes into the queue itself, so that a short message uses no other memory, the rest
/// into blocks from the loop's pool.
class WriteQueue {
public:
    /// `blocks` must outlive the queue; its buffers must hold more than a kilobyte.
    explicit WriteQueue(BufferPool& blocks) noexcept : blocks_(blocks) {}
    ~WriteQueue() { clear(); }
    WriteQueue(const WriteQueue&) = delete;
    WriteQueue& operator=(const WriteQueue&) = delete;

    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] bool empty() const noexcept { return size_ == 0; }

    /// Appends a copy of `data`. Throws std::bad_alloc and then has copied nothing.
    void append(std::string_view data);
    void clear() noexcept;

    struct Sent {
        std::size_t of_tail = 0; ///< How many bytes of the tail were sent.
        std::error_code error;   ///< Not set if the socket is just full.
    };
    /// Makes one gathered write of the queue followed by `tail`. Removes what was sent from the
    /// queue; the caller must append the rest of the tail. Never raises SIGPIPE.
    Sent send(int fd, std::string_view tail = {}) noexcept {
        return first_ == nullptr && tail.empty() ? send_inline(fd) : send(fd, nullptr, tail);
    }
    Sent send(PipeChannel& pipe, std::string_view tail = {}) noexcept {
        return send(-1, &pipe, tail);
    }

private:
    static constexpr std::size_t inline_capacity = 128;
    static constexpr std::size_t most_pieces = 64; // in one gathered write; IOV_MAX is 1024

    Sent send(int socket, PipeChannel* pipe, std::string_view tail) noexcept;
    Sent send_inline(int socket) noexcept;
    void consume(std::size_t count) noexcept;

    BufferPool& blocks_;
    std::size_t size_ = 0;
    Block* first_ = nullptr; // the blocks come after the inline bytes
    Block* last_ = nullptr;
    std::uint16_t inline_begin_ = 0;
    std::uint16_t inline_end_ = 0;
    std::array<char, inline_capacity> inline_; // not initialised: read only between begin and end
};

} // namespace hocket::engine
