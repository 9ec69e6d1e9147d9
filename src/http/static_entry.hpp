#pragma once

#include <string>

#include "http/file_version.hpp"

namespace hocket::http::detail {

/// A small file in memory, with what its responses say about it.
struct StaticEntry {
    std::string lines; ///< Header fields: complete lines with their ends.
    std::string body;
    FileVersion version;
};

} // namespace hocket::http::detail
