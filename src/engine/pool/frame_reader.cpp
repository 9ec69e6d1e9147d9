#include "engine/pool/frame_reader.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace hocket::engine {

std::span<char> FrameReader::space() {
    // A small rest comes together with the next frames.
    into_body_ = body_ != nullptr && header_.body_size - body_size_ >= buffer_size;
    if (into_body_) {
        return {body_.get() + body_size_, header_.body_size - body_size_};
    }
    if (buffer_ == nullptr) {
        buffer_ = std::make_unique_for_overwrite<char[]>(buffer_size);
    }
    return {buffer_.get(), buffer_size};
}

bool FrameReader::filled(std::size_t count) {
    if (!error_.empty()) {
        return false;
    }
    if (into_body_) {
        body_size_ += count;
        if (body_size_ == header_.body_size) {
            end_frame();
        }
        return true;
    }
    const char* at = buffer_.get();
    const char* const end = at + count;
    while (at != end) {
        if (body_ == nullptr) {
            const std::size_t part =
                std::min(FrameHeader::size - header_size_, static_cast<std::size_t>(end - at));
            std::memcpy(header_bytes_.data() + header_size_, at, part);
            header_size_ += part;
            at += part;
            if (header_size_ == FrameHeader::size && !begin_frame()) {
                return false;
            }
            continue;
        }
        const std::size_t part =
            std::min(header_.body_size - body_size_, static_cast<std::size_t>(end - at));
        std::memcpy(body_.get() + body_size_, at, part);
        body_size_ += part;
        at += part;
        if (body_size_ == header_.body_size) {
            end_frame();
        }
    }
    return true;
}

// The header is complete.
bool FrameReader::begin_frame() {
    error_ = check_header(header_bytes_, sender_, longest_body_);
    if (!error_.empty()) {
        return false;
    }
    header_ = decode_header(header_bytes_);
    const bool is_refusal = header_.kind == FrameKind::refusal;
    if (!is_refusal && (header_.kind == FrameKind::hello) == has_greeted_) {
        error_ = has_greeted_ ? "said hello twice" : "did not say hello first";
        return false;
    }
    has_greeted_ = true;
    body_ = memory_ != nullptr ? memory_->take(header_.body_size)
                               : FrameMemory::allocate(header_.body_size);
    if (body_ == nullptr) {
        error_ = "sent a frame of " + std::to_string(header_.body_size) +
                 " bytes, for which there is no memory";
        return false;
    }
    body_size_ = 0;
    if (header_.body_size == 0) {
        end_frame();
    }
    return true;
}

void FrameReader::end_frame() {
    complete_.push_back({header_.kind, header_.call, std::move(body_), header_.body_size});
    header_size_ = 0;
}

std::optional<Frame> FrameReader::next() {
    if (complete_.empty()) {
        return std::nullopt;
    }
    std::optional<Frame> frame(std::move(complete_.front()));
    complete_.pop_front();
    return frame;
}

} // namespace hocket::engine
