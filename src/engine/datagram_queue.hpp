#pragma once

#include <cstddef>
#include <string_view>
#include <system_error>

#include <hocket/engine/socket_address.hpp>

#include "engine/block.hpp"
#include "engine/buffer_pool.hpp"

namespace hocket::engine {

/// Datagrams with their addresses, in order, that wait to be sent or to be received by a task. They
/// are packed one after another into blocks from the loop's pool; an empty queue has no blocks.
class DatagramQueue {
public:
    /// Added to each datagram's size, so that empty ones count too (asyncio's value).
    static constexpr std::size_t header_size = 8;
    /// How many are sent with one system call.
    static constexpr std::size_t most_at_once = 64;

    /// `blocks` must outlive the queue.
    explicit DatagramQueue(BufferPool& blocks) noexcept : blocks_(blocks) {}
    ~DatagramQueue() { clear(); }
    DatagramQueue(const DatagramQueue&) = delete;
    DatagramQueue& operator=(const DatagramQueue&) = delete;

    [[nodiscard]] bool empty() const noexcept { return count_ == 0; }
    [[nodiscard]] std::size_t count() const noexcept { return count_; }
    /// The size in bytes, including headers.
    [[nodiscard]] std::size_t size() const noexcept { return size_; }

    /// Appends a copy of a datagram. If `address` is not known, it is stored without one. Throws
    /// std::bad_alloc and then has changed nothing.
    void push(std::string_view data, const SocketAddress& address);

    // The first datagram; the queue must not be empty. The bytes are valid until it is popped.
    [[nodiscard]] std::string_view front_data() const noexcept;
    [[nodiscard]] SocketAddress front_address() const noexcept;
    void pop() noexcept;
    void clear() noexcept;

    struct Sent {
        std::size_t count = 0;
        std::error_code error; ///< The error for the first datagram, if none was sent.
    };
    /// Sends up to `most_at_once` datagrams with one system call and pops those that were sent. The
    /// queue must not be empty. Never raises SIGPIPE.
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
