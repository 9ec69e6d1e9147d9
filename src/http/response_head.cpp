#include "http/response_head.hpp"

#include <array>
#include <charconv>

#include <hocket/http/status.hpp>

#include "http/ascii.hpp"

namespace hocket::http::detail {
namespace {

/// Whether the server writes this field itself.
bool is_servers(std::string_view name, bool has_date) noexcept {
    switch (name.size()) {
    case 4: return has_date && equals_ignoring_case(name, "Date");
    case 10:
        return equals_ignoring_case(name, "Connection") || equals_ignoring_case(name, "Keep-Alive");
    case 14: return equals_ignoring_case(name, "Content-Length");
    case 17: return equals_ignoring_case(name, "Transfer-Encoding");
    default: return false;
    }
}

} // namespace

void append_number(std::string& out, std::uint64_t number, int base) {
    std::array<char, 24> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number, base).ptr;
    out.append(digits.data(), static_cast<std::size_t>(end - digits.data()));
}

void append_response_head(std::string& out, const ResponseHead& head, const Headers& fields,
                          std::string_view date_line) {
    if (head.status == 200) {
        out += "HTTP/1.1 200 OK\r\n";
    } else {
        out += "HTTP/1.1 ";
        append_number(out, static_cast<std::uint64_t>(head.status));
        out += ' ';
        out += reason_phrase(head.status);
        out += "\r\n";
    }
    out += date_line;
    out += head.more_lines;
    bool needs_type = !head.content_type.empty();
    for (const auto [name, value] : fields) {
        if (is_servers(name, !date_line.empty())) continue;
        if (needs_type && equals_ignoring_case(name, "Content-Type")) needs_type = false;
        out += name;
        out += ": ";
        out += value;
        out += "\r\n";
    }
    if (needs_type) {
        out += "Content-Type: ";
        out += head.content_type;
        out += "\r\n";
    }
    if (head.framing == BodyFraming::sized) {
        out += "Content-Length: ";
        append_number(out, head.size);
        out += "\r\n";
    } else if (head.framing == BodyFraming::chunked) {
        out += "Transfer-Encoding: chunked\r\n";
    }
    if (head.persistence == Persistence::closes) {
        out += "Connection: close\r\n";
    } else if (head.persistence == Persistence::stays_open_explicitly) {
        out += "Connection: keep-alive\r\n";
    }
    out += "\r\n";
}

} // namespace hocket::http::detail
