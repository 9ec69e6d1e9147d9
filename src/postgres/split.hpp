#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace hocket::detail::postgres {

/// The parts of a list separated by commas, without the spaces around them. At least one.
[[nodiscard]] inline std::vector<std::string> split(std::string_view text) {
    std::vector<std::string> parts;
    while (true) {
        const std::size_t comma = text.find(',');
        std::string_view part = text.substr(0, comma);
        while (part.starts_with(' ')) {
            part.remove_prefix(1);
        }
        while (part.ends_with(' ')) {
            part.remove_suffix(1);
        }
        parts.emplace_back(part);
        if (comma == std::string_view::npos) {
            return parts;
        }
        text.remove_prefix(comma + 1);
    }
}

} // namespace hocket::detail::postgres
