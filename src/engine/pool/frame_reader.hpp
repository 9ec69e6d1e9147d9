#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "engine/pool/frame.hpp"

namespace hocket::engine {

/// Cuts a stream of bytes into frames and checks them. What a frame announces is allocated before
/// it has arrived, but takes memory only as it arrives.
class FrameReader {
public:
    /// `sender` is the other end. The bodies of the frames are in `memory`, if there is one.
    FrameReader(FrameSender sender, std::size_t longest_body, FrameMemory* memory = nullptr)
        : sender_(sender), longest_body_(longest_body), memory_(memory) {}

    /// Where to receive the next bytes: inside a large body, the body itself. Not empty.
    [[nodiscard]] std::span<char> space();
    /// `count` bytes have been received into `space`. Returns false if they are not frames that the
    /// other end may send; nothing can be read from then on.
    [[nodiscard]] bool filled(std::size_t count);
    /// Takes out the next frame that is complete.
    [[nodiscard]] std::optional<Frame> next();
    /// Whether a frame has begun and is not complete.
    [[nodiscard]] bool is_inside_frame() const noexcept {
        return header_size_ > 0 || body_ != nullptr;
    }
    /// What is wrong: "sent a frame of kind 9 with ...". Empty if nothing is.
    [[nodiscard]] const std::string& error() const noexcept { return error_; }

private:
    static constexpr std::size_t buffer_size = std::size_t{64} << 10;

    [[nodiscard]] bool begin_frame();
    void end_frame();

    const FrameSender sender_;
    const std::size_t longest_body_;
    FrameMemory* const memory_;
    std::unique_ptr<char[]> buffer_; // what is received outside of large bodies
    FrameHeader::Bytes header_bytes_{};
    std::size_t header_size_ = 0; // how much of the header has arrived
    FrameHeader header_;
    FrameMemory::Body body_;    // of the frame that is incomplete
    std::size_t body_size_ = 0; // how much of it has arrived
    bool into_body_ = false;    // the last space was the body's
    bool has_greeted_ = false;
    std::deque<Frame> complete_;
    std::string error_;
};

} // namespace hocket::engine
