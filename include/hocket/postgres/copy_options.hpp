#pragma once

#include <hocket/option_string.hpp>

namespace hocket::postgres {

/// The options of COPY. Names and texts are quoted; an empty one leaves an option to the server.
struct CopyOptions {
    OptionString schema = {};
    OptionString columns = {}; ///< Names separated by commas: "id,name". Empty: all.
    OptionString format = {};  ///< "text", "csv" or "binary"
    OptionString delimiter = {};
    OptionString null = {}; ///< What stands for a null.
    bool header = false;
};

} // namespace hocket::postgres
