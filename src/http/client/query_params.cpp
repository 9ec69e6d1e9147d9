#include <hocket/http/query_params.hpp>

#include "http/ascii.hpp"

namespace hocket::http {
namespace {

void encode(std::string& into, std::string_view text) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        const char lower = detail::to_lower(c);
        if ((lower >= 'a' && lower <= 'z') || detail::is_digit(c) || c == '-' || c == '.' ||
            c == '_' || c == '~') {
            into += c;
        } else if (c == ' ') {
            into += '+';
        } else {
            into += {'%', digits[byte >> 4U], digits[byte & 15U]};
        }
    }
}

} // namespace

QueryParams::QueryParams(std::initializer_list<std::pair<std::string_view, std::string_view>> items)
    : items_(items.begin(), items.end()) {}

void QueryParams::add(std::string_view name, std::string_view value) {
    items_.emplace_back(name, value);
}

std::string QueryParams::encoded() const {
    std::string text;
    for (const auto& [name, value] : items_) {
        if (!text.empty()) text += '&';
        encode(text, name);
        text += '=';
        encode(text, value);
    }
    return text;
}

} // namespace hocket::http
