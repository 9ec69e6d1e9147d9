#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <system_error>

#include "engine/pool/frame.hpp"

namespace hocket::engine {

/// Frames on their way into a socket that does not block. Bodies are shared and not copied.
class OutgoingFrames {
public:
    using Body = std::shared_ptr<std::string>;

    void add(FrameKind kind, std::uint64_t call = 0, Body body = {});
    /// A call: `body` are its arguments.
    void add_call(std::uint64_t call, FunctionRef function, Body body);
    /// Removes a call that has not begun to be sent. Returns false if it has.
    [[nodiscard]] bool remove_call(std::uint64_t call);

    [[nodiscard]] bool empty() const noexcept { return frames_.empty(); }
    void clear() noexcept { frames_.clear(); }

    /// Sends as much as the socket takes, but not more than `most_frames` frames; calls
    /// `sent(call)` for each call that was sent as a whole. Sets `is_blocked` if the socket is
    /// full.
    [[nodiscard]] std::error_code send(int socket, std::size_t most_frames, bool& is_blocked,
                                       const std::function<void(std::uint64_t)>& sent);

private:
    struct Outgoing {
        FrameKind kind;
        std::uint64_t call;
        std::array<char, FrameHeader::size + CallPrefix::size> head;
        std::size_t head_size;
        Body body;
        std::size_t done = 0; // how many bytes were sent

        [[nodiscard]] std::size_t size() const noexcept {
            return head_size + (body ? body->size() : 0);
        }
    };

    [[nodiscard]] Outgoing& push(FrameKind kind, std::uint64_t call, std::size_t body_size);

    std::deque<Outgoing> frames_;
};

} // namespace hocket::engine
