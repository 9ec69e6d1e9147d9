#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <hocket/http/headers.hpp>

namespace hocket::http::detail {

/// How the client finds the end of a body.
enum class BodyFraming {
    none,      ///< there cannot be one: 204, 304
    sized,     ///< Content-Length
    chunked,   ///< Transfer-Encoding: chunked
    until_end, ///< the end of the connection
};

/// What becomes of the connection after a response.
enum class Persistence {
    stays_open,            ///< as HTTP/1.1 does by itself
    stays_open_explicitly, ///< said to a client of HTTP/1.0 that has asked for it
    closes,
};

/// What the head of a response says besides its fields.
struct ResponseHead {
    int status = 200;
    std::string_view content_type = {}; ///< Empty: none, or in the fields.
    std::string_view more_lines = {};   ///< Complete lines with their ends.
    BodyFraming framing = BodyFraming::sized;
    std::uint64_t size = 0;
    Persistence persistence = Persistence::stays_open;
};

/// Appends the head to `out`. Of the fields, those about the connection and the framing are left
/// out, because the server decides them.
void append_response_head(std::string& out, const ResponseHead& head, const Headers& fields,
                          std::string_view date_line);

/// Whether a response of that status can have a body.
[[nodiscard]] constexpr bool has_body(int status) noexcept {
    return status >= 200 && status != 204 && status != 304;
}

void append_number(std::string& out, std::uint64_t number, int base = 10);

} // namespace hocket::http::detail
