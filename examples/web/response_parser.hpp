#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "web/body_decoder.hpp"
#include "web/http_head.hpp"

namespace web {

struct Response {
    int status = 0;
    std::string reason;
    int minor_version = 1;
    std::vector<std::pair<std::string, std::string>> fields; ///< names in lower case
    std::string body;
    bool keep_alive = false; ///< whether the connection can carry another request

    /// The value of the first field of that (lower-case) name, or nothing.
    const std::string* field(std::string_view name) const;
};

/// Limits that suit a client: pages may be large.
inline constexpr HttpLimits client_limits{.head = 64 * 1024, .body = 64 * 1024 * 1024};

/// Builds one response out of the bytes of a connection, in whatever pieces they come.
class ResponseParser {
public:
    enum class Asked { get, head }; ///< a response to HEAD has no body, whatever it says

    explicit ResponseParser(Asked asked = Asked::get, HttpLimits limits = client_limits)
        : asked_(asked), limits_(limits) {}

    /// Returns how many of the bytes belong to this response: all of them until it is complete.
    /// Throws HttpError when they cannot be an HTTP response or exceed a limit.
    std::size_t feed(std::string_view bytes);

    /// The connection has ended. Throws HttpError when the response was cut off.
    void finish();

    /// Whether anything has come at all.
    bool started() const { return body_.has_value() || !head_.empty(); }
    bool complete() const { return body_ && body_->complete(); }
    Response& response() { return response_; }
    const Response& response() const { return response_; }

private:
    void parse_head();
    void parse_status_line(std::string_view line);
    BodyDecoder body_for(const Framing& framing);

    Asked asked_;
    HttpLimits limits_;
    Response response_;
    std::string head_;
    std::optional<BodyDecoder> body_; // there is one once the head is complete
};

} // namespace web
