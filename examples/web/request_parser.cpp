#include "web/request_parser.hpp"

#include "web/ascii.hpp"
#include "web/http_error.hpp"

namespace web {
namespace {

[[noreturn]] void bad_request(const std::string& message) {
    throw HttpError(HttpFault::malformed, 400, message);
}

/// RFC 9112, 2.2: a server ignores empty lines before a request line.
std::size_t empty_lines(std::string_view bytes) {
    std::size_t size = 0;
    while (bytes.substr(size).starts_with("\r\n")) size += 2;
    return size;
}

bool is_target(std::string_view target) {
    for (const char c : target)
        if (c <= ' ' || c >= 0x7f) return false;
    return target.starts_with('/') || target == "*" || target.find("://") != target.npos;
}

} // namespace

bool RequestParser::parse(std::string_view received) {
    const std::size_t skipped = empty_lines(received);
    if (skipped > limits_.head) bad_request("there is no request after many empty lines");
    const std::string_view bytes = received.substr(skipped);
    const auto end = find_head_end(bytes, scanned_, limits_);
    if (!end) {
        scanned_ = bytes.size();
        return false;
    }
    scanned_ = 0;
    head_size_ = skipped + *end;

    std::string_view head = bytes.substr(0, *end);
    parse_request_line(take_line(head, LineEnds::strict));
    apply(parse_fields(head, LineEnds::strict, limits_, request_.fields));
    return true;
}

void RequestParser::parse_request_line(std::string_view line) {
    const auto first = line.find(' ');
    const auto last = line.rfind(' ');
    if (first == line.npos || first == last)
        bad_request("request line " + quoted(line) + ": expected METHOD TARGET HTTP/1.1");
    request_.method = line.substr(0, first);
    request_.target = line.substr(first + 1, last - first - 1);
    const std::string_view version = line.substr(last + 1);

    if (!is_token(request_.method))
        bad_request("method " + quoted(request_.method) + " is not a token");
    if (!is_target(request_.target))
        bad_request("target " + quoted(request_.target) +
                    ": expected a path that begins with / and has no blanks");
    if (version == "HTTP/1.1") {
        request_.minor_version = 1;
    } else if (version == "HTTP/1.0") {
        request_.minor_version = 0;
    } else if (version.starts_with("HTTP/")) {
        throw HttpError(HttpFault::unsupported, 505,
                        "version " + quoted(version) + ": HTTP/1.0 and HTTP/1.1 are supported");
    } else {
        bad_request("version " + quoted(version) + ": expected HTTP/1.0 or HTTP/1.1");
    }
}

void RequestParser::apply(const Framing& framing) {
    if (request_.minor_version >= 1 && framing.hosts != 1)
        bad_request("there are " + std::to_string(framing.hosts) +
                    " Host fields: an HTTP/1.1 request has exactly one");
    if (framing.has_transfer_encoding && request_.minor_version == 0)
        bad_request("Transfer-Encoding in an HTTP/1.0 request: it exists since HTTP/1.1");
    // Two peers that believe different ones see different requests: request smuggling.
    if (framing.has_transfer_encoding && framing.content_length)
        bad_request("both Transfer-Encoding and Content-Length are given: expected one of them");
    request_.keep_alive = framing.keep_alive(request_.minor_version);
    request_.chunked = framing.chunked;
    request_.content_length = framing.content_length.value_or(0);
    if (request_.content_length > limits_.body)
        throw HttpError(HttpFault::too_large, 413,
                        "Content-Length is " + std::to_string(request_.content_length) +
                            ": at most " + std::to_string(limits_.body) + " bytes are allowed");
}

BodyDecoder RequestParser::body() const {
    if (request_.chunked) return BodyDecoder::chunked(limits_.body);
    return BodyDecoder::of_length(request_.content_length, limits_.body);
}

} // namespace web
