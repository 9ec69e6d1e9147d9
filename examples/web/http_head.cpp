#include "web/http_head.hpp"

#include <array>
#include <charconv>
#include <cstring>
#include <string>

#include "web/ascii.hpp"
#include "web/http_error.hpp"

namespace web {
namespace {

constexpr std::array<bool, 256> make_token_characters() {
    std::array<bool, 256> token{};
    for (int c = 0; c < 128; ++c) token[c] = is_alnum(static_cast<char>(c));
    for (const char c : std::string_view("!#$%&'*+-.^_`|~")) token[static_cast<int>(c)] = true;
    return token;
}
constexpr auto token_characters = make_token_characters();

[[noreturn]] void malformed(const std::string& message) {
    throw HttpError(HttpFault::malformed, 400, message);
}

/// Control characters may not stand in a value; bytes above 127 may (RFC 9110's obs-text).
bool is_field_value(std::string_view value) {
    for (const char c : value) {
        const auto byte = static_cast<unsigned char>(c);
        if ((byte < 0x20 && c != '\t') || byte == 0x7f) return false;
    }
    return true;
}

std::string_view trim_blanks(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
}

/// Calls `use` with each element of a comma-separated list, blanks trimmed.
template <class Use> void for_each_element(std::string_view list, Use use) {
    for (;;) {
        const auto comma = list.find(',');
        use(trim_blanks(list.substr(0, comma)));
        if (comma == list.npos) return;
        list.remove_prefix(comma + 1);
    }
}

std::uint64_t parse_length(std::string_view text) {
    std::uint64_t length = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), length);
    if (text.empty() || error != std::errc{} || end != text.data() + text.size())
        malformed("Content-Length is " + quoted(text) + ": expected a decimal number");
    return length;
}

void read_content_length(Framing& framing, std::string_view value) {
    for_each_element(value, [&](std::string_view element) {
        const std::uint64_t length = parse_length(element);
        if (framing.content_length && *framing.content_length != length)
            malformed("Content-Length is given as " + std::to_string(*framing.content_length) +
                      " and as " + std::to_string(length) + ": expected one length");
        framing.content_length = length;
    });
}

void read_transfer_encoding(Framing& framing, std::string_view value) {
    for_each_element(value, [&](std::string_view coding) {
        if (framing.chunked)
            malformed("Transfer-Encoding has " + quoted(coding) +
                      " after chunked: chunked must be the last coding, and only once");
        if (!equals_ignoring_case(coding, "chunked"))
            throw HttpError(HttpFault::unsupported, 501,
                            "Transfer-Encoding is " + quoted(coding) +
                                ": only chunked is supported");
        framing.chunked = true;
    });
    framing.has_transfer_encoding = true;
}

void read_connection(Framing& framing, std::string_view value) {
    for_each_element(value, [&](std::string_view option) {
        if (equals_ignoring_case(option, "close")) framing.connection_close = true;
        if (equals_ignoring_case(option, "keep-alive")) framing.connection_keep_alive = true;
    });
}

void read_framing(Framing& framing, const HeaderField& field) {
    // The length tells most other fields apart at the cost of one comparison.
    switch (field.name.size()) {
    case 4:
        if (equals_ignoring_case(field.name, "host")) ++framing.hosts;
        break;
    case 10:
        if (equals_ignoring_case(field.name, "connection")) read_connection(framing, field.value);
        break;
    case 14:
        if (equals_ignoring_case(field.name, "content-length"))
            read_content_length(framing, field.value);
        break;
    case 17:
        if (equals_ignoring_case(field.name, "transfer-encoding"))
            read_transfer_encoding(framing, field.value);
        break;
    default: break;
    }
}

HeaderField parse_field(std::string_view line) {
    if (line.front() == ' ' || line.front() == '\t')
        malformed("header line " + quoted(line) +
                  " begins with white space: folded lines are not allowed");
    const auto colon = line.find(':');
    if (colon == line.npos)
        malformed("header line " + quoted(line) + " has no colon: expected NAME: VALUE");
    const HeaderField field{line.substr(0, colon), trim_blanks(line.substr(colon + 1))};
    if (!is_token(field.name))
        malformed("header name " + quoted(field.name) +
                  " is not a token: letters, digits and !#$%&'*+-.^_`|~ are allowed");
    if (!is_field_value(field.value))
        malformed("the value of header " + quoted(field.name) +
                  " has a control character: " + quoted(field.value));
    return field;
}

} // namespace

bool is_token(std::string_view text) {
    for (const char c : text)
        if (!token_characters[static_cast<unsigned char>(c)]) return false;
    return !text.empty();
}

std::optional<std::size_t> find_head_end(std::string_view bytes, std::size_t from,
                                         const HttpLimits& limits) {
    const std::string_view start = bytes.substr(0, limits.start_line);
    if (start.size() == limits.start_line && from <= limits.start_line &&
        start.find('\n') == start.npos)
        throw HttpError(HttpFault::too_large, 414,
                        "the start line is longer than " + std::to_string(limits.start_line) +
                            " bytes, the most allowed");

    const std::string_view head = bytes.substr(0, limits.head);
    // The empty line may have begun two bytes before what is new.
    std::size_t i = from > 2 ? from - 2 : 0;
    while ((i = head.find('\n', i)) != head.npos) {
        ++i;
        if (i < head.size() && head[i] == '\n') return i + 1;
        if (i + 1 < head.size() && head[i] == '\r' && head[i + 1] == '\n') return i + 2;
    }
    if (head.size() == limits.head)
        throw HttpError(HttpFault::too_large, 431,
                        "the head is longer than " + std::to_string(limits.head) +
                            " bytes, the most allowed");
    return std::nullopt;
}

std::string_view take_line(std::string_view& head, LineEnds ends) {
    const auto newline = head.find('\n');
    std::string_view line = head.substr(0, newline);
    head.remove_prefix(newline == head.npos ? head.size() : newline + 1);
    if (line.ends_with('\r')) {
        line.remove_suffix(1);
    } else if (ends == LineEnds::strict) {
        malformed("line " + quoted(line) + " ends with a bare LF: expected CR LF");
    }
    return line;
}

Framing parse_fields(std::string_view head, LineEnds ends, const HttpLimits& limits,
                     std::vector<HeaderField>& fields) {
    Framing framing;
    fields.clear();
    for (;;) {
        const std::string_view line = take_line(head, ends);
        if (line.empty()) return framing;
        if (fields.size() == limits.fields)
            throw HttpError(HttpFault::too_large, 431,
                            "there are more than " + std::to_string(limits.fields) +
                                " header fields, the most allowed");
        fields.push_back(parse_field(line));
        read_framing(framing, fields.back());
    }
}

std::optional<std::string_view> find_field(const std::vector<HeaderField>& fields,
                                           std::string_view name) {
    for (const HeaderField& field : fields)
        if (equals_ignoring_case(field.name, name)) return field.value;
    return std::nullopt;
}

} // namespace web
