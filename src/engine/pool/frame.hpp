#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include <hocket/engine/function_ref.hpp>

#include "engine/pool/frame_memory.hpp"

namespace hocket::engine {

// The frames between a pool and a worker behind a stream. docs/worker-frames.md describes them.

enum class FrameKind : std::uint16_t {
    hello = 1,
    refusal = 2,
    module = 3,
    call = 4,
    cancel = 5,
    give_back = 6,
    stop = 7,
    result = 8,
    error = 9,
    returned = 10,
    ping = 11,
    pong = 12,
};

/// Who sends a frame.
enum class FrameSender : std::uint8_t { owner, worker };

constexpr std::size_t longest_greeting = 4096; // a hello or a refusal
constexpr std::size_t longest_module = std::size_t{64} << 10;
constexpr std::size_t default_longest_body = std::size_t{1} << 30; // of calls and answers

/// What comes before a frame's body.
struct FrameHeader {
    static constexpr std::size_t size = 24;
    using Bytes = std::array<char, size>;

    FrameKind kind = FrameKind::hello;
    std::uint64_t call = 0;
    std::uint64_t body_size = 0;

    [[nodiscard]] Bytes encode() const noexcept;
};

/// What is wrong with a header; empty if it may come from `sender`.
[[nodiscard]] std::string check_header(const FrameHeader::Bytes& bytes, FrameSender sender,
                                       std::size_t longest_body);
/// Decodes a header that was checked.
[[nodiscard]] FrameHeader decode_header(const FrameHeader::Bytes& bytes) noexcept;

/// What comes first in the body of a call.
struct CallPrefix {
    static constexpr std::size_t size = 16;
    using Bytes = std::array<char, size>;

    [[nodiscard]] static Bytes encode(FunctionRef function) noexcept;
    /// `body` has at least `size` bytes.
    [[nodiscard]] static FunctionRef decode(std::span<const char> body) noexcept;
};

/// What comes first in the body of an answer: how long the call took, in nanoseconds.
struct AnswerPrefix {
    static constexpr std::size_t size = 8;
    using Bytes = std::array<char, size>;

    [[nodiscard]] static Bytes encode(std::uint64_t nanoseconds) noexcept;
    /// `body` has at least `size` bytes.
    [[nodiscard]] static std::uint64_t decode(std::span<const char> body) noexcept;
};

/// A frame that was received as a whole.
struct Frame {
    FrameKind kind = FrameKind::hello;
    std::uint64_t call = 0;
    FrameMemory::Body bytes{};
    std::size_t size = 0;

    [[nodiscard]] std::span<const char> body() const noexcept { return {bytes.get(), size}; }
};

} // namespace hocket::engine
