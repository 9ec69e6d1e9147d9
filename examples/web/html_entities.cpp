#include "web/html_entities.hpp"

#include <algorithm>
#include <array>

#include "web/ascii.hpp"

namespace web {
namespace {

struct Entity {
    std::string_view name;
    char32_t code_point;
};

// Sorted by name (capitals first), for the binary search.
constexpr auto entities = std::to_array<Entity>({
    {"AElig", 198},  {"Aacute", 193},  {"Acirc", 194},   {"Agrave", 192},  {"Aring", 197},
    {"Atilde", 195}, {"Auml", 196},    {"Ccedil", 199},  {"ETH", 208},     {"Eacute", 201},
    {"Ecirc", 202},  {"Egrave", 200},  {"Euml", 203},    {"Iacute", 205},  {"Icirc", 206},
    {"Igrave", 204}, {"Iuml", 207},    {"Ntilde", 209},  {"OElig", 338},   {"Oacute", 211},
    {"Ocirc", 212},  {"Ograve", 210},  {"Oslash", 216},  {"Otilde", 213},  {"Ouml", 214},
    {"Scaron", 352}, {"THORN", 222},   {"Uacute", 218},  {"Ucirc", 219},   {"Ugrave", 217},
    {"Uuml", 220},   {"Yacute", 221},  {"Yuml", 376},    {"aacute", 225},  {"acirc", 226},
    {"acute", 180},  {"aelig", 230},   {"agrave", 224},  {"amp", 38},      {"apos", 39},
    {"aring", 229},  {"atilde", 227},  {"auml", 228},    {"bdquo", 8222},  {"brvbar", 166},
    {"bull", 8226},  {"ccedil", 231},  {"cedil", 184},   {"cent", 162},    {"copy", 169},
    {"curren", 164}, {"dagger", 8224}, {"deg", 176},     {"divide", 247},  {"eacute", 233},
    {"ecirc", 234},  {"egrave", 232},  {"emsp", 8195},   {"ensp", 8194},   {"eth", 240},
    {"euml", 235},   {"euro", 8364},   {"frac12", 189},  {"frac14", 188},  {"frac34", 190},
    {"ge", 8805},    {"gt", 62},       {"hellip", 8230}, {"iacute", 237},  {"icirc", 238},
    {"iexcl", 161},  {"igrave", 236},  {"iquest", 191},  {"iuml", 239},    {"laquo", 171},
    {"larr", 8592},  {"ldquo", 8220},  {"le", 8804},     {"lsaquo", 8249}, {"lsquo", 8216},
    {"lt", 60},      {"macr", 175},    {"mdash", 8212},  {"micro", 181},   {"middot", 183},
    {"minus", 8722}, {"nbsp", 160},    {"ndash", 8211},  {"ne", 8800},     {"not", 172},
    {"ntilde", 241}, {"oacute", 243},  {"ocirc", 244},   {"oelig", 339},   {"ograve", 242},
    {"ordf", 170},   {"ordm", 186},    {"oslash", 248},  {"otilde", 245},  {"ouml", 246},
    {"para", 182},   {"plusmn", 177},  {"pound", 163},   {"quot", 34},     {"raquo", 187},
    {"rarr", 8594},  {"rdquo", 8221},  {"reg", 174},     {"rsaquo", 8250}, {"rsquo", 8217},
    {"sbquo", 8218}, {"scaron", 353},  {"sect", 167},    {"shy", 173},     {"sup1", 185},
    {"sup2", 178},   {"sup3", 179},    {"szlig", 223},   {"thinsp", 8201}, {"thorn", 254},
    {"times", 215},  {"trade", 8482},  {"uacute", 250},  {"ucirc", 251},   {"ugrave", 249},
    {"uml", 168},    {"uuml", 252},    {"yacute", 253},  {"yen", 165},     {"yuml", 255},
    {"zwj", 8205},   {"zwnj", 8204},
});
static_assert(std::is_sorted(entities.begin(), entities.end(),
                             [](const Entity& a, const Entity& b) { return a.name < b.name; }));

constexpr std::size_t longest_name = 8;

std::size_t decode_numeric(std::string_view text, std::string& out) {
    std::size_t i = 2;
    const bool hexadecimal = i < text.size() && to_lower(text[i]) == 'x';
    if (hexadecimal) ++i;
    const std::size_t first = i;
    char32_t code_point = 0;
    for (; i < text.size(); ++i) {
        const int digit = hexadecimal ? hex_value(text[i]) : is_digit(text[i]) ? text[i] - '0' : -1;
        if (digit < 0) break;
        // Once past Unicode's last code point it stays there, however many digits follow.
        if (code_point <= 0x10ffff)
            code_point = code_point * (hexadecimal ? 16 : 10) + static_cast<char32_t>(digit);
    }
    if (i == first) return 0;
    append_utf8(out, code_point);
    return i < text.size() && text[i] == ';' ? i + 1 : i;
}

std::size_t decode_named(std::string_view text, std::string& out) {
    const auto semicolon = text.substr(0, longest_name + 2).find(';');
    if (semicolon == text.npos) return 0;
    const std::string_view name = text.substr(1, semicolon - 1);
    const auto entity = std::lower_bound(entities.begin(), entities.end(), name,
                                         [](const Entity& e, auto n) { return e.name < n; });
    if (entity == entities.end() || entity->name != name) return 0;
    append_utf8(out, entity->code_point);
    return semicolon + 1;
}

} // namespace

void append_utf8(std::string& out, char32_t c) {
    const bool surrogate = c >= 0xd800 && c <= 0xdfff;
    if (c == 0 || surrogate || c > 0x10ffff) c = 0xfffd;
    const auto tail = [&](int shift) { out += static_cast<char>(0x80 | ((c >> shift) & 0x3f)); };
    if (c < 0x80) {
        out += static_cast<char>(c);
    } else if (c < 0x800) {
        out += static_cast<char>(0xc0 | (c >> 6));
        tail(0);
    } else if (c < 0x10000) {
        out += static_cast<char>(0xe0 | (c >> 12));
        tail(6);
        tail(0);
    } else {
        out += static_cast<char>(0xf0 | (c >> 18));
        tail(12);
        tail(6);
        tail(0);
    }
}

std::size_t decode_entity(std::string_view text, std::string& out) {
    if (text.size() < 3) return 0;
    return text[1] == '#' ? decode_numeric(text, out) : decode_named(text, out);
}

std::string decode_entities(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (;;) {
        const auto ampersand = text.find('&');
        out += text.substr(0, ampersand);
        if (ampersand == text.npos) return out;
        text.remove_prefix(ampersand);
        const std::size_t used = decode_entity(text, out);
        if (used == 0) out += '&';
        text.remove_prefix(used == 0 ? 1 : used);
    }
}

} // namespace web
