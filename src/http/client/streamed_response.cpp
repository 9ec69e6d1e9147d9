#include <hocket/http/streamed_response.hpp>

#include <algorithm>
#include <utility>

#include "http/client/response_stream.hpp"

namespace hocket::http {
namespace {

using StreamPointer = std::shared_ptr<detail::ResponseStream>;

Coro<std::string> read_all(StreamPointer stream) {
    std::string all;
    for (;;) {
        auto reading = detail::ResponseStream::read_some(stream);
        const std::string piece = co_await std::move(reading);
        if (piece.empty()) co_return all;
        if (piece.size() > stream->max_body() - all.size()) {
            stream->close();
            stream->throw_too_large();
        }
        all += piece;
    }
}

AsyncGenerator<std::string> pieces_of(StreamPointer stream) {
    for (;;) {
        auto reading = detail::ResponseStream::read_some(stream);
        std::string piece = co_await std::move(reading);
        if (piece.empty()) co_return;
        co_yield std::move(piece);
    }
}

AsyncGenerator<std::string> lines_of(StreamPointer stream) {
    std::string buffer;
    std::size_t searched = 0;
    for (;;) {
        auto reading = detail::ResponseStream::read_some(stream);
        const std::string piece = co_await std::move(reading);
        buffer += piece;
        std::size_t begin = 0;
        for (;;) {
            const auto end = buffer.find('\n', std::max(begin, searched));
            if (end == buffer.npos) break;
            const bool has_return = end > begin && buffer[end - 1] == '\r';
            co_yield buffer.substr(begin, end - begin - (has_return ? 1 : 0));
            begin = end + 1;
        }
        buffer.erase(0, begin);
        searched = buffer.size();
        if (piece.empty()) {
            if (!buffer.empty()) co_yield std::move(buffer);
            co_return;
        }
        if (buffer.size() > stream->max_body()) {
            stream->close();
            stream->throw_too_large();
        }
    }
}

} // namespace

StreamedResponse::StreamedResponse(StreamPointer stream) noexcept : stream_(std::move(stream)) {}

StreamedResponse::StreamedResponse(StreamedResponse&&) noexcept = default;

StreamedResponse& StreamedResponse::operator=(StreamedResponse&& other) noexcept {
    std::swap(stream_, other.stream_);
    return *this;
}

StreamedResponse::~StreamedResponse() { aclose(); }

const ClientResponse& StreamedResponse::head() const noexcept { return stream_->head(); }

Coro<std::string> StreamedResponse::read_some() {
    return detail::ResponseStream::read_some(stream_);
}

Coro<std::string> StreamedResponse::aread() { return read_all(stream_); }

AsyncGenerator<std::string> StreamedResponse::aiter_bytes() { return pieces_of(stream_); }

AsyncGenerator<std::string> StreamedResponse::aiter_lines() { return lines_of(stream_); }

void StreamedResponse::aclose() noexcept {
    if (stream_) stream_->close();
}

} // namespace hocket::http
