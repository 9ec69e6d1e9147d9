#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace serve {

struct Options {
    std::string directory;
    std::string host = "127.0.0.1";
    std::uint16_t port = 8000;
    std::chrono::milliseconds delay{0}; ///< how long every answer waits
    std::chrono::seconds idle_timeout{60};
    std::chrono::seconds head_timeout{20}; ///< from a request's first byte to the end of its head
    std::string certificate;               ///< a file of PEM, for https; empty: http
    std::string key; ///< its key's file; empty: the key is in the certificate's file
    bool help = false;
};

extern const char* const usage;

/// Throws std::invalid_argument with what was wrong.
Options parse_options(const std::vector<std::string>& arguments);

} // namespace serve
