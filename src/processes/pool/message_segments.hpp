#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <span>
#include <vector>

#include <hocket/detail/processes/calls/message.hpp>

#include "engine/memory_mapping.hpp"

namespace hocket::detail {

// Memory for the messages between a pool and a worker that do not fit the ring. Each end has
// segments of its own, uses a segment for one message after the other, and passes the descriptor of
// a new one beside its first message. The receiver frees it.

/// The sender's segments.
class OutgoingSegments {
public:
    /// `name` is for the kernel's lists of mappings.
    explicit OutgoingSegments(const char* name) noexcept : name_(name) {}

    struct Segment {
        std::uint32_t number;
        std::byte* body;
    };
    static constexpr std::size_t no_limit = std::numeric_limits<std::size_t>::max();

    /// Takes a free segment for `size` bytes, or a new one. Yields nullptr in `body` if that would
    /// put more than `limit` bytes in use. Throws std::system_error if there is no memory.
    [[nodiscard]] Segment take(std::size_t size, std::size_t limit = no_limit);
    /// Frees a segment whose message was not sent, or was revoked.
    void free(std::uint32_t number) noexcept;
    [[nodiscard]] const std::byte* body(std::uint32_t number) const noexcept;

    /// Whether the receiver has the segment's descriptor.
    [[nodiscard]] bool is_known(std::uint32_t number) const noexcept {
        return segments_[number].is_known;
    }
    [[nodiscard]] int fileno(std::uint32_t number) const noexcept {
        return segments_[number].region.fileno();
    }
    void set_known(std::uint32_t number) noexcept { segments_[number].is_known = true; }

private:
    struct Owned {
        engine::MemoryMapping region;
        bool is_known = false;
    };

    const char* name_;
    std::vector<Owned> segments_;
};

/// The receiver's view of the other end's segments.
class IncomingSegments {
public:
    /// The body of a message in segment `number`. If that is new, its descriptor is taken from the
    /// end of `descriptors`. Throws std::system_error if it cannot be mapped.
    [[nodiscard]] std::span<const char> open(std::uint32_t number, std::size_t size,
                                             Descriptors& descriptors);
    /// Gives a segment back to the sender. One that could not be mapped stays in use.
    void free(std::uint32_t number) noexcept;

private:
    std::map<std::uint32_t, engine::MemoryMapping> segments_;
};

} // namespace hocket::detail
