#include "web/word_counter.hpp"

#include <array>

#include "web/ascii.hpp"

namespace web {
namespace {

enum class Kind : unsigned char { mark, letter, space, multibyte };

constexpr std::array<Kind, 256> make_kinds() {
    std::array<Kind, 256> kinds{};
    for (int c = 0; c < 128; ++c) {
        const char character = static_cast<char>(c);
        kinds[c] = is_alnum(character)   ? Kind::letter
                   : is_space(character) ? Kind::space
                                         : Kind::mark;
    }
    for (int c = 0xc0; c < 256; ++c) kinds[c] = Kind::multibyte;
    return kinds; // the bytes that continue a character are marks: they change nothing
}
constexpr auto kinds = make_kinds();

/// What the multi-byte character at the start of `text` is.
Kind kind_of(std::string_view text) {
    const auto byte = [&](std::size_t i) {
        return i < text.size() ? static_cast<unsigned char>(text[i]) : 0;
    };
    if (byte(0) == 0xc2) return byte(1) == 0xa0 ? Kind::space : Kind::mark; // U+0080 to U+00BF
    if (byte(0) == 0xe2) {                                                  // U+2000 to U+2FFF
        const bool blank = byte(1) == 0x80 && (byte(2) <= 0x8a || byte(2) == 0xa8 ||
                                               byte(2) == 0xa9 || byte(2) == 0xaf);
        return blank ? Kind::space : Kind::mark;
    }
    if (byte(0) == 0xe3 && byte(1) == 0x80 && byte(2) == 0x80) return Kind::space; // U+3000
    return Kind::letter;
}

} // namespace

void WordCounter::add(std::string_view text) {
    for (std::size_t i = 0; i < text.size(); ++i) {
        Kind kind = kinds[static_cast<unsigned char>(text[i])];
        if (kind == Kind::multibyte) kind = kind_of(text.substr(i));
        if (kind == Kind::space) {
            in_word_ = false;
        } else if (kind == Kind::letter && !in_word_) {
            in_word_ = true;
            ++words_;
        }
    }
}

} // namespace web
