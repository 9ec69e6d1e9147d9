#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>

namespace hocket::engine {

/// What stands before every message in a ring.
struct alignas(16) MessageHeader {
    /// Who decides first: the reader starts on the message, or the writer takes it back.
    enum class State : std::uint32_t { ready, started, revoked };

    std::uint32_t size; // of the body
    std::atomic<State> state;
    std::uint16_t kind;         // the user's
    std::uint16_t descriptors;  // that travel beside it
    std::uint32_t module;       // of the function to call
    std::uint64_t offset;       // of the function in its module
    std::uint64_t segment_size; // not 0: the body is in a segment of its own, this large
    std::uint32_t segment;      // its number
};
static_assert(std::atomic<MessageHeader::State>::is_always_lock_free);

/// The positions of a ring, in shared memory: bytes ever written and read.
struct RingPositions {
    alignas(64) std::atomic<std::uint64_t> written;
    alignas(64) std::atomic<std::uint64_t> read;
};

/// Messages from one process to another, in shared memory: one writer, one reader. A message
/// becomes visible whole, by one store, or not at all: a writer that is killed at any instruction
/// leaves nothing half-written behind.
class SharedRing {
public:
    /// `bytes`: the ring's memory, a power of two; the same positions and bytes at both ends.
    SharedRing(RingPositions& positions, std::span<std::byte> bytes) noexcept
        : positions_(&positions), bytes_(bytes) {}

    [[nodiscard]] std::size_t capacity() const noexcept { return bytes_.size(); }

    // The writer's end.
    /// Room for a message with a body of `size` bytes, in one piece; nullptr when there is none
    /// now.
    [[nodiscard]] MessageHeader* reserve(std::size_t size) noexcept;
    /// Makes the message that was reserved last visible to the reader.
    void commit() noexcept {
        positions_->written.store(reserved_until_, std::memory_order_seq_cst);
    }
    /// Where the message that was reserved last ends. Positions never repeat.
    [[nodiscard]] std::uint64_t position() const noexcept { return reserved_until_; }
    /// Whether the reader is done with the message that ends there.
    [[nodiscard]] bool has_been_read(std::uint64_t position) const noexcept {
        return positions_->read.load(std::memory_order_acquire) >= position;
    }

    // The reader's end.
    /// Whether there is no message. Any thread.
    [[nodiscard]] bool empty() const noexcept {
        return positions_->read.load(std::memory_order_relaxed) ==
               positions_->written.load(std::memory_order_seq_cst);
    }
    /// The oldest message; nullptr when there is none.
    [[nodiscard]] MessageHeader* front() noexcept;
    void pop() noexcept;

    [[nodiscard]] static std::span<std::byte> body(MessageHeader& header) noexcept {
        return {reinterpret_cast<std::byte*>(&header + 1), header.size};
    }

private:
    // A message that does not fit before the end of the memory starts at its beginning; this stands
    // where it would have been.
    static constexpr std::uint32_t skip_rest = 0xffffffff;
    static constexpr std::size_t alignment = alignof(MessageHeader);

    [[nodiscard]] MessageHeader* at(std::uint64_t position) const noexcept {
        return reinterpret_cast<MessageHeader*>(bytes_.data() + (position & (bytes_.size() - 1)));
    }
    [[nodiscard]] static std::size_t room_for(std::size_t size) noexcept {
        return (sizeof(MessageHeader) + size + alignment - 1) / alignment * alignment;
    }

    RingPositions* positions_;
    std::span<std::byte> bytes_;
    std::uint64_t reserved_until_ = 0;
};

} // namespace hocket::engine
