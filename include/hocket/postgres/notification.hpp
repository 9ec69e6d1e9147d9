#pragma once

#include <string>

namespace hocket::postgres {

/// What a NOTIFY sent.
struct Notification {
    std::string channel;
    std::string payload;
    int pid = 0; ///< the server's process of the sender
};

} // namespace hocket::postgres
