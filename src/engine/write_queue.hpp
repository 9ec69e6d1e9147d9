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

/// Bytes on their way to a socket or a pipe, in order. Small writes are copied together; the first
/// few bytes into the queue itself, so that a short message touches no other memory, what follows
/// into blocks of the loop's pool.
class WriteQueue {
public:
    /// `blocks` must outlive the queue; its buffers must hold more than a kilobyte.
    explicit WriteQueue(BufferPool& blocks) noexcept : blocks_(blocks) {}
    ~WriteQueue() { clear(); }
    WriteQueue(const WriteQueue&) = delete;
    WriteQueue& operator=(const WriteQueue&) = delete;

    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] bool empty() const noexcept { return size_ == 0; }

    /// Copies `data` behind what is there. Throws std::bad_alloc, and has copied nothing then.
    void append(std::string_view data);
    void clear() noexcept;

    struct Sent {
        std::size_t of_tail = 0; ///< How many bytes of the tail went out.
        std::error_code error;   ///< Not set when the socket is merely full.
    };
    /// One gathered write of what is queued and of `tail` behind it. What went out is no longer
    /// queued; the rest of the tail is the caller's to append. Never raises SIGPIPE.
    Sent send(int fd, std::string_view tail = {}) noexcept { return send(fd, nullptr, tail); }
    Sent send(PipeChannel& pipe, std::string_view tail = {}) noexcept {
        return send(-1, &pipe, tail);
    }

private:
    static constexpr std::size_t inline_capacity = 128;
    static constexpr std::size_t most_pieces = 64; // in one gathered write; IOV_MAX is 1024

    Sent send(int socket, PipeChannel* pipe, std::string_view tail) noexcept;
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
