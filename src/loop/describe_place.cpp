#include "loop/describe_place.hpp"

#include <string_view>

namespace hocket::detail {

std::string describe_place(const std::source_location& place) {
    if (place.line() == 0) {
        return "an unknown place";
    }
    return std::string(place.file_name()) + ':' + std::to_string(place.line());
}

bool is_in_library(const std::source_location& place) noexcept {
    constexpr std::string_view sources = [] {
        const std::string_view here = std::source_location::current().file_name();
        return here.substr(0, here.rfind("loop/"));
    }();
    const std::string_view file = place.file_name();
    return file.starts_with(sources) || file.find("include/hocket/") != file.npos;
}

} // namespace hocket::detail
