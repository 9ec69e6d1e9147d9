#include "web/percent.hpp"

#include <array>

#include "web/ascii.hpp"

namespace web {
namespace {

constexpr bool is_unreserved(char c) {
    return is_alnum(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

/// RFC 3986's pchar and '/', without '%': what may stand bare in a path.
constexpr std::array<bool, 256> make_path_characters() {
    std::array<bool, 256> allowed{};
    for (int c = 0; c < 128; ++c) allowed[c] = is_unreserved(static_cast<char>(c));
    for (const char c : std::string_view("!$&'()*+,;=:@/")) allowed[static_cast<int>(c)] = true;
    return allowed;
}
constexpr auto path_characters = make_path_characters();

constexpr bool may_stand_bare(char c, UrlPart part) {
    return path_characters[static_cast<unsigned char>(c)] || (c == '?' && part == UrlPart::query);
}

void append_encoded(std::string& out, unsigned char byte) {
    static constexpr char digits[] = "0123456789ABCDEF";
    out += {'%', digits[byte >> 4], digits[byte & 15]};
}

/// The byte that "%XX" at the start of `text` stands for, or -1.
int decode_escape(std::string_view text) {
    if (text.size() < 3) return -1;
    const int high = hex_value(text[1]);
    const int low = hex_value(text[2]);
    return high < 0 || low < 0 ? -1 : high * 16 + low;
}

} // namespace

std::optional<std::string> percent_decode(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            out += text[i];
            continue;
        }
        const int byte = decode_escape(text.substr(i));
        if (byte < 0) return std::nullopt;
        out += static_cast<char>(byte);
        i += 2;
    }
    return out;
}

void percent_normalise(std::string_view text, UrlPart part, std::string& out) {
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (may_stand_bare(c, part)) {
            out += c;
            continue;
        }
        const int byte = c == '%' ? decode_escape(text.substr(i)) : -1;
        if (byte < 0) {
            append_encoded(out, static_cast<unsigned char>(c));
            continue;
        }
        if (is_unreserved(static_cast<char>(byte))) {
            out += static_cast<char>(byte);
        } else {
            append_encoded(out, static_cast<unsigned char>(byte));
        }
        i += 2;
    }
}

} // namespace web
