#pragma once

#include <cstdint>
#include <string>

namespace serve {

/// The time as the server needs it: counted once a second by one task, so that a request costs no
/// system call to learn it.
struct Clock {
    std::uint64_t seconds = 1; ///< since the server started, and one
    std::string date;          ///< for the Date field
};

} // namespace serve
