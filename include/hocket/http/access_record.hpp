#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <iosfwd>
#include <string>
#include <string_view>

#include <hocket/socket.hpp>

namespace hocket::http {

/// What an access log says about a request and its answer. The views are valid during the call.
struct AccessRecord {
    SocketAddress peer;
    std::chrono::system_clock::time_point when; ///< The answer's beginning.
    std::string_view method;                    ///< Empty if the request could not be parsed.
    std::string_view target;
    int minor_version = 1;
    int status = 0;
    std::uint64_t body_bytes = 0;        ///< Sent, without the head.
    std::chrono::nanoseconds duration{}; ///< From the request's head to the answer's last write.
    std::string_view referer;
    std::string_view user_agent;
};

/// A line of the combined log format, which is the common log format and two more fields, without
/// the line's end. What a client could use to forge a line is escaped.
[[nodiscard]] std::string combined_log_line(const AccessRecord& record);

/// Called with each record on the loop of its connection.
using AccessLog = std::function<void(const AccessRecord&)>;

/// An access log that writes such lines to `out`, which must outlive the server. Several loops may
/// use it at the same time.
[[nodiscard]] AccessLog log_to(std::ostream& out);

} // namespace hocket::http
