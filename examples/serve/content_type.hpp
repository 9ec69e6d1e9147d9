#pragma once

#include <string_view>

namespace serve {

/// The Content-Type for a file of that name, by its extension.
std::string_view content_type(std::string_view file_name);

} // namespace serve
