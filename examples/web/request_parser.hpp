#pragma once

#include <string_view>
#include <vector>

#include "web/body_decoder.hpp"
#include "web/http_head.hpp"

namespace web {

/// A request's head. All views point into the bytes given to RequestParser::parse().
struct Request {
    std::string_view method;
    std::string_view target; ///< as sent: nothing is decoded
    int minor_version = 1;   ///< HTTP/1.0 or HTTP/1.1
    std::vector<HeaderField> fields;
    bool keep_alive = true;
    bool chunked = false;
    std::uint64_t content_length = 0;

    bool has_body() const { return chunked || content_length > 0; }
};

/// Parses one request head after another in the caller's buffer; nothing is copied, and nothing is
/// allocated after the first request.
///
///     while (parser.parse(buffer)) { answer(parser.request()); drop(parser.head_size()); … }
class RequestParser {
public:
    explicit RequestParser(HttpLimits limits = {}) : limits_(limits) {}

    /// `received` is everything that came since the end of the previous request: the same bytes
    /// as in the previous call and perhaps more. True when it holds a whole head; request() and
    /// head_size() then tell about it, and the next call starts with a new request. Throws
    /// HttpError, with the status to answer, when it cannot become a request; the connection is
    /// then of no further use.
    bool parse(std::string_view received);

    /// Valid while the bytes given to parse() are.
    const Request& request() const { return request_; }

    /// How many of the bytes were the head; the body, if any, follows.
    std::size_t head_size() const { return head_size_; }

    /// A decoder for the body of request().
    BodyDecoder body() const;

private:
    void parse_request_line(std::string_view line);
    void apply(const Framing& framing);

    HttpLimits limits_;
    Request request_;
    std::size_t head_size_ = 0;
    std::size_t scanned_ = 0;
};

} // namespace web
