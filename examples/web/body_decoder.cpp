#include "web/body_decoder.hpp"

#include <algorithm>

#include "web/ascii.hpp"
#include "web/http_error.hpp"

namespace web {
namespace {

constexpr int max_size_digits = 15; // 60 bits: no sum of sizes can overflow
constexpr std::size_t max_extension = 4 * 1024;
constexpr std::size_t max_trailer = 16 * 1024;

[[noreturn]] void bad_chunking(const std::string& message) {
    throw HttpError(HttpFault::malformed, 400, "bad chunking: " + message);
}

std::string one(char c) { return quoted({&c, 1}); }

} // namespace

BodyDecoder::BodyDecoder(State state, std::uint64_t remaining, std::uint64_t limit)
    : state_(state), remaining_(remaining), limit_(limit), length_(remaining) {}

BodyDecoder BodyDecoder::of_length(std::uint64_t length, std::uint64_t limit) {
    const BodyDecoder decoder(length == 0 ? State::complete : State::fixed, length, limit);
    if (length > limit) decoder.throw_too_long();
    return decoder;
}

BodyDecoder BodyDecoder::chunked(std::uint64_t limit) { return {State::chunk_size, 0, limit}; }

BodyDecoder BodyDecoder::until_close(std::uint64_t limit) { return {State::until_close, 0, limit}; }

std::size_t BodyDecoder::feed(std::string_view bytes, std::string* content) {
    std::size_t used = 0;
    while (used < bytes.size() && state_ != State::complete) {
        switch (state_) {
        case State::fixed:
        case State::until_close:
        case State::chunk_data: used += take_content(bytes.substr(used), content); break;
        default: step(bytes[used++]);
        }
    }
    return used;
}

void BodyDecoder::throw_too_long() const {
    throw HttpError(HttpFault::too_large, 413,
                    "the body is longer than " + std::to_string(limit_) +
                        " bytes, the most allowed");
}

std::size_t BodyDecoder::take_content(std::string_view bytes, std::string* content) {
    // A body without a length may have all that the limit leaves; others were checked before.
    const std::uint64_t room = state_ == State::until_close ? limit_ - received_ : remaining_;
    if (room == 0) throw_too_long();
    const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(bytes.size(), room));
    if (content) content->append(bytes.substr(0, size));
    received_ += size;
    if (state_ == State::until_close) return size;
    remaining_ -= size;
    if (remaining_ == 0) state_ = state_ == State::fixed ? State::complete : State::chunk_data_end;
    return size;
}

void BodyDecoder::step(char c) {
    switch (state_) {
    case State::chunk_size: return step_size(c);
    case State::chunk_extension: return step_extension(c);
    case State::chunk_data_end: return step_data_end(c);
    default: return step_trailer(c);
    }
}

void BodyDecoder::step_size(char c) {
    if (const int value = hex_value(c); value >= 0) {
        if (++digits_ > max_size_digits)
            bad_chunking("a chunk size has more than " + std::to_string(max_size_digits) +
                         " digits");
        remaining_ = remaining_ * 16 + static_cast<std::uint64_t>(value);
        return;
    }
    if (digits_ == 0) bad_chunking(one(c) + " where a chunk size in hexadecimal was expected");
    if (c != ';' && c != '\r' && c != ' ' && c != '\t')
        bad_chunking(one(c) + " after a chunk size: expected CR LF");
    state_ = State::chunk_extension;
    line_size_ = 0;
    after_cr_ = false;
    step_extension(c);
}

void BodyDecoder::step_extension(char c) {
    if (after_cr_) {
        if (c != '\n') bad_chunking(one(c) + " after CR in a chunk size line: expected LF");
        return size_line_ends();
    }
    if (c == '\n') bad_chunking("a chunk size line ends with a bare LF: expected CR LF");
    if (++line_size_ > max_extension)
        bad_chunking("a chunk extension is longer than " + std::to_string(max_extension) +
                     " bytes");
    after_cr_ = c == '\r';
}

void BodyDecoder::size_line_ends() {
    if (remaining_ > limit_ - received_) throw_too_long();
    after_cr_ = false;
    digits_ = 0;
    line_size_ = 0;
    line_is_empty_ = true;
    state_ = remaining_ == 0 ? State::trailer : State::chunk_data;
}

void BodyDecoder::step_data_end(char c) {
    const char expected = after_cr_ ? '\n' : '\r';
    if (c != expected)
        bad_chunking(one(c) + " after a chunk: expected CR LF (the chunk is longer than its size)");
    if (after_cr_) state_ = State::chunk_size;
    after_cr_ = !after_cr_;
}

void BodyDecoder::step_trailer(char c) {
    if (++line_size_ > max_trailer)
        bad_chunking("the trailers are longer than " + std::to_string(max_trailer) + " bytes");
    if (after_cr_) {
        if (c != '\n') bad_chunking(one(c) + " after CR in a trailer: expected LF");
        after_cr_ = false;
        if (line_is_empty_) state_ = State::complete;
        line_is_empty_ = true;
    } else if (c == '\r') {
        after_cr_ = true;
    } else if (c == '\n') {
        bad_chunking("a trailer ends with a bare LF: expected CR LF");
    } else {
        line_is_empty_ = false;
    }
}

void BodyDecoder::finish() {
    switch (state_) {
    case State::complete: return;
    case State::until_close: state_ = State::complete; return;
    case State::fixed:
        throw HttpError(HttpFault::cut_off, 400,
                        "cut off: Content-Length is " + std::to_string(length_) + ", but only " +
                            std::to_string(received_) + " bytes came");
    default:
        throw HttpError(HttpFault::cut_off, 400,
                        "cut off: the connection ended after " + std::to_string(received_) +
                            " bytes, before the last chunk");
    }
}

} // namespace web
