#include "http/received_headers.hpp"

#include "http/ascii.hpp"

namespace hocket::http::detail {

void ReceivedHeaders::add_line(std::string_view line) {
    auto& text = headers_.text_;
    auto& places = headers_.places_;
    if (!line.empty() && (line.front() == ' ' || line.front() == '\t')) {
        const std::string_view more = trim(line);
        if (places.empty() || more.empty()) return;
        // The last field's value is at the end of the text.
        text += ' ';
        text += more;
        places.back().value_size += static_cast<std::uint32_t>(more.size() + 1);
        return;
    }
    const auto colon = line.find(':');
    if (colon == line.npos || colon == 0) return;
    const std::string_view name = trim(line.substr(0, colon));
    const std::string_view value = trim(line.substr(colon + 1));
    if (places.empty()) {
        places.reserve(12);
        text.reserve(384);
    }
    const auto begin = static_cast<std::uint32_t>(text.size());
    text += name;
    text += value;
    places.push_back({begin, static_cast<std::uint32_t>(name.size()),
                      begin + static_cast<std::uint32_t>(name.size()),
                      static_cast<std::uint32_t>(value.size())});
}

} // namespace hocket::http::detail
