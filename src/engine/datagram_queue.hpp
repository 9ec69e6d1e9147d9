#pragma once

#include <cstddef>
#include <string_view>
#include <system_error>

#include <hocket/engine/socket_address.hpp>

#include "engine/block.hpp"
#include "engine/buffer_pool.hpp"

namespace hocket::engine {

/// Datagrams with their addresses, in order: those that wait to be sent, or to be received by a
/// task. Packed one behind the other into blocks of the loop's pool; an empty queue holds none.
class DatagramQueue {
public:
    /// What a datagram counts besides its bytes, so that empty ones count too (asyncio's number).
    static constexpr std::size_t header_size = 8;
    /// How many go into one system call.
    static constexpr std::size_t most_at_once = 64;

    /// `blocks` must outlive the queue.
    explicit DatagramQueue(BufferPool& blocks) noexcept : blocks_(blocks) {}
    ~DatagramQueue() { clear(); }
    DatagramQueue(const DatagramQueue&) = delete;
    DatagramQueue& operator=(const DatagramQueue&) = delete;

    [[nodiscard]] bool empty() const noexcept { return count_ == 0; }
    [[nodiscard]] std::size_t count() const noexcept { return count_; }
    /// In bytes, headers included.
    [[nodiscard]] std::size_t size() const noexcept { return size_; }

    /// Copies a datagram behind the others; an unknown `address` is none. Throws std::bad_alloc,
    /// and has changed nothing then.
    void push(std::string_view data, const SocketAddress& address);

    // Of the first one; the queue must not be empty. The bytes are valid until it is popped.
    [[nodiscard]] std::string_view front_data() const noexcept;
    [[nodiscard]] SocketAddress front_address() const noexcept;
    void pop() noexcept;
    void clear() noexcept;

    struct Sent {
        std::size_t count = 0;
        std::error_code error; ///< Of the first that is left, when none was sent.
    };
    /// Sends the first ones (there must be one), up to `most_at_once`, by one system call; those
    /// that went out are popped. Never raises SIGPIPE.
    Sent send(int fd) noexcept;

private:
    struct Record;

    [[nodiscard]] const Record& front() const noexcept;

    BufferPool& blocks_;
    std::size_t count_ = 0;
    std::size_t size_ = 0;
    Block* first_ = nullptr;
    Block* last_ = nullptr;
};

} // namespace hocket::engine
