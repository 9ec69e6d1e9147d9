#pragma once

#include <string>
#include <vector>

namespace hocket::postgres {

/// The options of COPY. Names are quoted; an empty text leaves an option to the server.
struct CopyOptions {
    std::string schema = {};
    std::vector<std::string> columns = {}; ///< Empty: all.
    std::string format = {};               ///< "text", "csv" or "binary"
    std::string delimiter = {};
    std::string null = {}; ///< What stands for a null.
    bool header = false;
};

} // namespace hocket::postgres
