#include "postgres/quote.hpp"

#include <hocket/errors.hpp>

namespace hocket::detail::postgres {

namespace {

std::string quote(std::string_view text, char mark) {
    if (text.find('\0') != std::string_view::npos) {
        throw ValueError("a name or text in SQL must not contain a zero byte");
    }
    std::string quoted(1, mark);
    for (const char c : text) {
        quoted.append(c == mark ? 2 : 1, c);
    }
    return quoted + mark;
}

} // namespace

std::string quote_name(std::string_view name) { return quote(name, '"'); }

std::string quote_text(std::string_view text) {
    std::string quoted = quote(text, '\'');
    if (quoted.find('\\') == std::string::npos) {
        return quoted;
    }
    // E'' reads backslashes in the same way whatever standard_conforming_strings is.
    std::string escaped = "E";
    for (const char c : quoted) {
        escaped.append(c == '\\' ? 2 : 1, c);
    }
    return escaped;
}

} // namespace hocket::detail::postgres
