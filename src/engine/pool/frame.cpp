#include "engine/pool/frame.hpp"

#include <algorithm>
#include <string_view>

#include "engine/pool/little_endian.hpp"

namespace hocket::engine {

namespace {

constexpr std::string_view mark = "HKF1";

struct BodySizes {
    std::uint64_t least;
    std::uint64_t most;
};

BodySizes sizes_of(FrameKind kind, std::size_t longest_body) noexcept {
    switch (kind) {
    case FrameKind::hello:
    case FrameKind::refusal: return {0, longest_greeting};
    case FrameKind::module: return {0, longest_module};
    case FrameKind::call: return {CallPrefix::size, longest_body};
    case FrameKind::result:
    case FrameKind::error: return {AnswerPrefix::size, longest_body};
    case FrameKind::cancel:
    case FrameKind::give_back:
    case FrameKind::stop:
    case FrameKind::returned:
    case FrameKind::ping:
    case FrameKind::pong: break;
    }
    return {0, 0};
}

bool may_send(FrameSender sender, std::uint16_t kind) noexcept {
    switch (static_cast<FrameKind>(kind)) {
    case FrameKind::hello:
    case FrameKind::refusal: return true;
    case FrameKind::module:
    case FrameKind::call:
    case FrameKind::cancel:
    case FrameKind::give_back:
    case FrameKind::stop:
    case FrameKind::ping: return sender == FrameSender::owner;
    case FrameKind::result:
    case FrameKind::error:
    case FrameKind::returned:
    case FrameKind::pong: return sender == FrameSender::worker;
    }
    return false;
}

} // namespace

FrameHeader::Bytes FrameHeader::encode() const noexcept {
    Bytes bytes{};
    std::ranges::copy(mark, bytes.begin());
    put_little_endian(bytes.data() + 4, static_cast<std::uint16_t>(kind));
    put_little_endian(bytes.data() + 8, call);
    put_little_endian(bytes.data() + 16, body_size);
    return bytes;
}

std::string check_header(const FrameHeader::Bytes& bytes, FrameSender sender,
                         std::size_t longest_body) {
    if (std::string_view(bytes.data(), mark.size()) != mark) {
        return "sent something that is not a frame";
    }
    const auto kind = get_little_endian<std::uint16_t>(bytes.data() + 4);
    if (!may_send(sender, kind) || get_little_endian<std::uint16_t>(bytes.data() + 6) != 0) {
        return "sent a frame of kind " + std::to_string(kind) + ", which it must not send";
    }
    const auto size = get_little_endian<std::uint64_t>(bytes.data() + 16);
    const auto [least, most] = sizes_of(static_cast<FrameKind>(kind), longest_body);
    if (size < least || size > most) {
        return "sent a frame of kind " + std::to_string(kind) + " with " + std::to_string(size) +
               " bytes (allowed: " + std::to_string(least) + " to " + std::to_string(most) + ")";
    }
    return {};
}

FrameHeader decode_header(const FrameHeader::Bytes& bytes) noexcept {
    return {static_cast<FrameKind>(get_little_endian<std::uint16_t>(bytes.data() + 4)),
            get_little_endian<std::uint64_t>(bytes.data() + 8),
            get_little_endian<std::uint64_t>(bytes.data() + 16)};
}

CallPrefix::Bytes CallPrefix::encode(FunctionRef function) noexcept {
    Bytes bytes{};
    put_little_endian(bytes.data(), function.module);
    put_little_endian(bytes.data() + 8, function.offset);
    return bytes;
}

FunctionRef CallPrefix::decode(std::span<const char> body) noexcept {
    return {get_little_endian<std::uint32_t>(body.data()),
            get_little_endian<std::uint64_t>(body.data() + 8)};
}

AnswerPrefix::Bytes AnswerPrefix::encode(std::uint64_t nanoseconds) noexcept {
    Bytes bytes{};
    put_little_endian(bytes.data(), nanoseconds);
    return bytes;
}

std::uint64_t AnswerPrefix::decode(std::span<const char> body) noexcept {
    return get_little_endian<std::uint64_t>(body.data());
}

} // namespace hocket::engine
