#include "loop/describe_place.hpp"

namespace hocket::detail {

std::string describe_place(const std::source_location& place) {
    if (place.line() == 0) {
        return "an unknown place";
    }
    return std::string(place.file_name()) + ':' + std::to_string(place.line());
}

} // namespace hocket::detail
