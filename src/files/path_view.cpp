#include <hocket/path_view.hpp>

#include <hocket/errors.hpp>

namespace hocket {

std::string PathView::str() const {
    if (text_.find('\0') != std::string_view::npos) {
        throw ValueError("embedded null byte");
    }
    return std::string(text_);
}

} // namespace hocket
