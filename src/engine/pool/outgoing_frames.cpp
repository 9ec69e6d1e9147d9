#include "engine/pool/outgoing_frames.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

#include <sys/socket.h>
#include <sys/uio.h>

#include "engine/last_error.hpp"

namespace hocket::engine {

namespace {

constexpr std::size_t most_pieces = 64; // of one system call

} // namespace

OutgoingFrames::Outgoing& OutgoingFrames::push(FrameKind kind, std::uint64_t call,
                                               std::size_t body_size) {
    Outgoing& frame = frames_.emplace_back(Outgoing{kind, call, {}, FrameHeader::size, {}});
    std::ranges::copy(FrameHeader{kind, call, body_size}.encode(), frame.head.begin());
    return frame;
}

void OutgoingFrames::add(FrameKind kind, std::uint64_t call, Body body) {
    Outgoing& frame = push(kind, call, body ? body->size() : 0);
    frame.body = std::move(body);
}

void OutgoingFrames::add_call(std::uint64_t call, FunctionRef function, Body body) {
    Outgoing& frame = push(FrameKind::call, call, CallPrefix::size + body->size());
    std::ranges::copy(CallPrefix::encode(function), frame.head.begin() + FrameHeader::size);
    frame.head_size += CallPrefix::size;
    frame.body = std::move(body);
}

bool OutgoingFrames::remove_call(std::uint64_t call) {
    const auto found = std::ranges::find_if(frames_, [&](const Outgoing& frame) {
        return frame.kind == FrameKind::call && frame.call == call;
    });
    if (found == frames_.end() || found->done > 0) {
        return false;
    }
    frames_.erase(found);
    return true;
}

std::error_code OutgoingFrames::send(int socket, std::size_t most_frames, bool& is_blocked,
                                     const std::function<void(std::uint64_t)>& sent) {
    is_blocked = false;
    while (!frames_.empty() && most_frames > 0) {
        std::array<iovec, most_pieces> pieces;
        std::size_t count = 0;
        std::size_t left = most_frames;
        for (auto frame = frames_.begin();
             frame != frames_.end() && left > 0 && count + 2 <= most_pieces; ++frame, --left) {
            if (frame->done < frame->head_size) {
                pieces[count++] = {frame->head.data() + frame->done,
                                   frame->head_size - frame->done};
            }
            const std::size_t of_body =
                frame->done < frame->head_size ? 0 : frame->done - frame->head_size;
            if (frame->body && frame->body->size() > of_body) {
                pieces[count++] = {frame->body->data() + of_body, frame->body->size() - of_body};
            }
        }
        msghdr message{};
        message.msg_iov = pieces.data();
        message.msg_iovlen = count;
        const ssize_t taken = ::sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (taken < 0) {
            if (errno == EINTR) {
                continue;
            }
            is_blocked = would_block();
            return is_blocked ? std::error_code() : last_error();
        }
        auto rest = static_cast<std::size_t>(taken);
        while (rest > 0) {
            Outgoing& frame = frames_.front();
            const std::size_t part = std::min(rest, frame.size() - frame.done);
            frame.done += part;
            rest -= part;
            if (frame.done == frame.size()) {
                if (frame.kind == FrameKind::call) {
                    sent(frame.call);
                }
                frames_.pop_front();
                --most_frames;
            }
        }
    }
    return {};
}

} // namespace hocket::engine
