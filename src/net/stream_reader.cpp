#include <hocket/stream_reader.hpp>

#include <algorithm>
#include <utility>

#include "net/read_buffer.hpp"

namespace hocket {

StreamReader::StreamReader(std::size_t limit)
    : buffer_(std::make_shared<detail::ReadBuffer>(limit)) {
    buffer_->set_owner(buffer_);
}

detail::ReadBytes StreamReader::readuntil(std::string_view separator) {
    return readuntil(std::vector<std::string>{std::string(separator)});
}

detail::ReadBytes StreamReader::readuntil(std::vector<std::string> separators) {
    if (separators.empty()) {
        throw ValueError("readuntil: there should be at least one separator");
    }
    if (std::any_of(separators.begin(), separators.end(),
                    [](auto& each) { return each.empty(); })) {
        throw ValueError("readuntil: a separator should be at least one byte long");
    }
    return make({detail::ReadRequest::Kind::until,
                 0,
                 {},
                 std::make_unique<detail::SeparatorSearch>(std::move(separators))});
}

bool StreamReader::at_eof() const noexcept { return buffer_->at_eof(); }

std::exception_ptr StreamReader::exception() const noexcept { return buffer_->exception(); }

void StreamReader::feed_data(std::string_view data) {
    if (buffer_->has_eof()) {
        throw RuntimeError("feed_data after feed_eof");
    }
    buffer_->feed_data(data);
}

void StreamReader::feed_eof() { buffer_->feed_eof(); }

void StreamReader::set_exception(std::exception_ptr error) {
    buffer_->set_exception(std::move(error));
}

} // namespace hocket
