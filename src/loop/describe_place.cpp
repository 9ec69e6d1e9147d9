#include "loop/describe_place.hpp"

#include <fmt/format.h>

namespace hocket::detail {

std::string describe_place(const std::source_location& place) {
    if (place.line() == 0) {
        return "an unknown place";
    }
    return fmt::format("{}:{}", place.file_name(), place.line());
}

} // namespace hocket::detail
