#pragma once

#include <string_view>

#include <hocket/http/headers.hpp>

namespace hocket::http::detail {

/// Fills headers with what another program has sent. Unlike Headers::add it does not refuse names
/// and values that this program would not send.
class ReceivedHeaders {
public:
    explicit ReceivedHeaders(Headers& headers) noexcept : headers_(headers) {}

    /// Adds a line without its end. One that begins with a space continues the field before; one
    /// without a colon is ignored.
    void add_line(std::string_view line);

private:
    Headers& headers_;
};

} // namespace hocket::http::detail
