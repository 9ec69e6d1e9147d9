#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>

namespace hocket::engine {

/// Precedes every message in a ring.
struct alignas(16) MessageHeader {
    /// The first to change it wins: the reader, which starts on the message, or the writer, which
    /// withdraws it.
    enum class State : std::uint32_t { ready, started, revoked };

    std::uint32_t size; // of the body
    std::atomic<State> state;
    std::uint16_t kind;         // for the user of the ring
    std::uint16_t descriptors;  // the number sent along with it
    std::uint32_t module;       // of the function to call
    std::uint64_t offset;       // of the function in its module
    std::uint64_t segment_size; // if not 0, the body is in a separate segment of this size
    std::uint32_t segment;      // the segment's number
    std::uint64_t call;         // what the writer calls it, for traces
};
static_assert(std::atomic<MessageHeader::State>::is_always_lock_free);

/// The positions of a ring, in shared memory: the total numbers of bytes written and read.
struct RingPositions {
    alignas(64) std::atomic<std::uint64_t> written;
    alignas(64) std::atomic<std::uint64_t> read;
};

/// Messages from one process to another, in shared memory: one writer, one reader. One store makes
/// a message visible as a whole, so a writer that is killed at any instruction leaves no partial
/// message.
class SharedRing {
public:
    /// `bytes` is the ring's memory; its size is a power of two. Both ends use the same positions
    /// and bytes.
    SharedRing(RingPositions& positions, std::span<std::byte> bytes) noexcept
        : positions_(&positions), bytes_(bytes) {}

    [[nodiscard]] std::size_t capacity() const noexcept { return bytes_.size(); }

    // Called by the writer.
    /// Reserves contiguous room for a message with a body of `size` bytes; nullptr if there is none
    /// now.
    [[nodiscard]] MessageHeader* reserve(std::size_t size) noexcept;
    /// Makes the last reserved message visible to the reader.
    void commit() noexcept {
        positions_->written.store(reserved_until_, std::memory_order_seq_cst);
    }
    /// The end of the last reserved message. Positions never repeat.
    [[nodiscard]] std::uint64_t position() const noexcept { return reserved_until_; }
    /// Whether the reader is done with the message that ends there.
    [[nodiscard]] bool has_been_read(std::uint64_t position) const noexcept {
        return positions_->read.load(std::memory_order_acquire) >= position;
    }

    // Called by the reader.
    /// Whether there is no message. May be called from any thread.
    [[nodiscard]] bool empty() const noexcept {
        return positions_->read.load(std::memory_order_relaxed) ==
               positions_->written.load(std::memory_order_seq_cst);
    }
    /// The oldest message; nullptr if there is none.
    [[nodiscard]] MessageHeader* front() noexcept;
    void pop() noexcept;

    [[nodiscard]] static std::span<std::byte> body(MessageHeader& header) noexcept {
        return {reinterpret_cast<std::byte*>(&header + 1), header.size};
    }

private:
    // A message that does not fit before the end of the memory is stored at its beginning instead.
    // This marks the skipped rest.
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
