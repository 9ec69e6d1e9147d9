#include "http/request_parser.hpp"

#include <algorithm>
#include <array>
#include <limits>

#include "http/ascii.hpp"
#include "http/parsed_headers.hpp"

namespace hocket::http::detail {

namespace beast = boost::beast;
using beast::http::field;

namespace {

// The request line without the target: the longest methods are those of WebDAV.
constexpr std::size_t rest_of_request_line = 64;
constexpr std::size_t longest_method =
    rest_of_request_line - std::string_view("  HTTP/1.1").size() - 1;

std::string_view to_std(beast::string_view view) noexcept { return {view.data(), view.size()}; }

/// Whether a line ends with LF alone, from `begin` on.
bool has_bare_line_feed(std::string_view bytes, std::size_t begin) noexcept {
    for (std::size_t at = bytes.find('\n', begin); at != std::string_view::npos;
         at = bytes.find('\n', at + 1)) {
        if (at == 0 || bytes[at - 1] != '\r') return true;
    }
    return false;
}

/// The characters that a name or an address with a port does not have.
constexpr auto not_in_host = [] {
    std::array<bool, 256> table{};
    for (std::size_t c = 0; c <= 0x20; ++c) table[c] = true;
    for (const char c : std::string_view("\"#,/<>?@\\^`{|}\x7f")) {
        table[static_cast<unsigned char>(c)] = true;
    }
    return table;
}();

bool is_host(std::string_view host) noexcept {
    return std::none_of(host.begin(), host.end(),
                        [](char c) { return not_in_host[static_cast<unsigned char>(c)]; });
}

/// Whether this may be the last chunk, and is too short for it. Beast 1.74 fails an assertion if it
/// is given so little of one.
bool is_start_of_last_chunk(std::string_view bytes) noexcept {
    if (bytes.size() >= std::string_view("0\r\n\r\n").size()) return false;
    if (bytes.starts_with("\r\n")) bytes.remove_prefix(2);
    return bytes.empty() || bytes.front() == '0';
}

/// Whether the request line is in order and ends with a version of HTTP.
bool ends_with_version(std::string_view head) noexcept {
    const std::string_view line = head.substr(0, head.find_first_of("\r\n"));
    const std::string_view version = line.substr(line.rfind(' ') + 1);
    const bool is_line = head.substr(line.size()).starts_with("\r\n") &&
                         std::count(line.begin(), line.end(), ' ') == 2;
    return is_line && version.size() == 8 && version.starts_with("HTTP/") && is_digit(version[5]) &&
           version[6] == '.' && is_digit(version[7]);
}

} // namespace

namespace {

/// The refusal of a head that exceeds a limit, if this one does.
Refusal too_large(std::string_view bytes, const ServeLimits& limits) noexcept {
    const std::size_t longest_line = limits.target + rest_of_request_line;
    if (bytes.size() > longest_line &&
        bytes.substr(0, longest_line).find('\r') == std::string_view::npos) {
        return {414, "the request target is too long"};
    }
    if (bytes.size() > limits.head) return {431, "the head is too large"};
    return {};
}

} // namespace

HeadEnd find_head_end(std::string_view bytes, std::size_t scanned,
                      const ServeLimits& limits) noexcept {
    const std::size_t end = bytes.find("\r\n\r\n", scanned > 3 ? scanned - 3 : 0);
    if (end != std::string_view::npos) {
        const std::size_t size = end + 4;
        if (size <= limits.head) return {.size = size};
    } else {
        if (!bytes.empty() && !is_token(bytes.front())) {
            return {.refusal = {400, "the method is malformed"}};
        }
        if (has_bare_line_feed(bytes, scanned)) {
            return {.refusal = {400, "a line ends without CR"}};
        }
    }
    return {.refusal = too_large(bytes, limits)};
}

RequestParser::RequestParser(Request& request, const ServeLimits& limits) noexcept
    : request_(request), limits_(limits) {
    // The connection has a limit of its own. (Beast 1.74 refuses every body if there is none.)
    body_limit(std::numeric_limits<std::uint64_t>::max());
    header_limit(static_cast<std::uint32_t>(std::min<std::size_t>(limits.head, std::uint32_t(-1))));
}

HeadEnd RequestParser::parse_head(std::string_view bytes) {
    bytes_ = bytes;
    Error error;
    const std::size_t size = put(boost::asio::const_buffer(bytes.data(), bytes.size()), error);
    if (error == beast::http::error::need_more) return {};
    // The bytes of the head live on, whether it is refused or not.
    const std::string_view head = ParsedHeaders::keep(
        request_.headers_, error ? bytes.substr(0, limits_.head) : bytes.substr(0, size));
    for (std::string_view* view :
         {&request_.method_, &request_.target_, &request_.path_, &request_.query_}) {
        const bool is_part =
            view->data() >= bytes.data() && view->data() < bytes.data() + bytes.size();
        if (is_part)
            *view =
                head.substr(static_cast<std::size_t>(view->data() - bytes.data()), view->size());
    }
    if (error == beast::http::error::header_limit) return {.refusal = too_large(bytes, limits_)};
    if (error) return {.refusal = refusal_of(error, head)};
    if (size > limits_.head) return {.refusal = {431, "the head is too large"}};
    return {.size = size};
}

std::size_t RequestParser::parse_body(std::string_view bytes, std::string& body, Refusal& refusal) {
    if (is_chunked() && chunk_left_ == 0 && is_start_of_last_chunk(bytes)) return 0;
    body_ = &body;
    bytes_ = bytes;
    Error error;
    const std::size_t used = put(boost::asio::const_buffer(bytes.data(), bytes.size()), error);
    if (error == beast::http::error::need_more) {
        // A chunk's head, or the trailers, which are parsed as a whole.
        if (used == 0 && bytes.size() > limits_.head) {
            refusal = {431, "the trailers, or the head of a chunk, are too large"};
        }
        return used;
    }
    if (error) {
        refusal = refusal_of(error, {});
    }
    return used;
}

Refusal RequestParser::refusal_of(const Error& error, std::string_view head) const noexcept {
    using beast::http::error::bad_chunk;
    if (refusal_) return refusal_;
    if (error == beast::http::error::bad_version && ends_with_version(head)) {
        return {505, "only the versions 1.0 and 1.1 are supported"};
    }
    if (error == beast::http::error::header_limit) return {431, "the head is too large"};
    if (error == bad_chunk) return {400, "a chunk is malformed"};
    if (error == beast::http::error::bad_chunk_extension) {
        return {400, "a chunk's extension is malformed"};
    }
    if (error == beast::http::error::bad_method) return {400, "the method is malformed"};
    if (error == beast::http::error::bad_target) return {400, "the request target is malformed"};
    if (error == beast::http::error::bad_version) return {400, "the request line is malformed"};
    if (error == beast::http::error::bad_field) {
        return {400, "the name of a header field is malformed"};
    }
    if (error == beast::http::error::bad_value) {
        return {400, "the value of a header field is malformed"};
    }
    if (error == beast::http::error::bad_line_ending) {
        return {400, "a line ends without CR and LF"};
    }
    if (error == beast::http::error::bad_content_length) return {400, "Content-Length is wrong"};
    if (error == beast::http::error::bad_transfer_encoding) {
        return {400, "Transfer-Encoding is wrong"};
    }
    return {400, "the request is malformed"};
}

void RequestParser::refuse(int status, const char* detail, Error& error) noexcept {
    refusal_ = {status, detail};
    error = beast::http::error::bad_value;
}

void RequestParser::on_request_impl(beast::http::verb, View method, View target, int version,
                                    Error& error) {
    request_.method_ = to_std(method);
    request_.target_ = to_std(target);
    request_.minor_version_ = version - 10;
    if (target.size() > limits_.target) {
        return refuse(414, "the request target is too long", error);
    }
    if (method.size() > longest_method) return refuse(501, "the method is not supported", error);
    std::string_view rest = request_.target_;
    if (rest.front() != '/') {
        // Absolute form: "http://host/path".
        const std::size_t scheme = rest.find("://");
        if (scheme != std::string_view::npos) {
            const std::size_t path = rest.find_first_of("/?", scheme + 3);
            rest = path == std::string_view::npos || rest[path] == '?' ? std::string_view("/")
                                                                       : rest.substr(path);
        } else if (rest != "*" && request_.method_ != "CONNECT") {
            return refuse(400, "the request target must begin with a slash", error);
        }
    }
    const std::size_t question = rest.find('?');
    request_.path_ = rest.substr(0, question);
    const std::size_t query = request_.target_.find('?');
    request_.query_ =
        query == std::string_view::npos ? std::string_view() : request_.target_.substr(query + 1);
}

// Beast joins the lines of a folded field (obs-fold), some programs take the second one for a field
// of its own. RFC 9112 lets a server refuse them.
bool RequestParser::is_folded(View name, View value) const noexcept {
    const char* const begin = bytes_.data();
    if (value.data() < begin || value.data() > begin + bytes_.size()) return true;
    const char* const colon = name.data() + name.size();
    return std::find(colon, value.data(), '\r') != value.data();
}

void RequestParser::on_field_impl(field id, View name, View value, Error& error) {
    if (is_folded(name, value)) {
        return refuse(400, "a header field has several lines", error);
    }
    Headers& headers = in_trailers_ ? request_.trailers_ : request_.headers_;
    if (headers.size() >= limits_.fields) {
        return refuse(431, "there are too many header fields", error);
    }
    if (in_trailers_) {
        headers.add(to_std(name), to_std(value));
        return;
    }
    ParsedHeaders::add(headers, bytes_, to_std(name), to_std(value));
    check_field(id, to_std(value), error);
}

void RequestParser::check_field(field id, std::string_view value, Error& error) {
    switch (id) {
    case field::host:
        ++hosts_;
        if (!is_host(value)) refuse(400, "Host is malformed", error);
        return;
    case field::content_length:
        // Beast also accepts a list of equal numbers, which other programs may read differently.
        if (++lengths_ > 1 || !std::all_of(value.begin(), value.end(), detail::is_digit)) {
            return refuse(400, "Content-Length is wrong", error);
        }
        return;
    case field::transfer_encoding:
        has_coding_ = true;
        if (request_.minor_version_ == 0) {
            return refuse(400, "HTTP/1.0 has no Transfer-Encoding", error);
        }
        if (!equals_ignoring_case(value, "chunked")) {
            return refuse(501, "the only transfer coding is chunked", error);
        }
        return;
    case field::expect:
        if (!equals_ignoring_case(value, "100-continue")) {
            return refuse(417, "the only expectation is 100-continue", error);
        }
        expects_continue_ = request_.minor_version_ >= 1;
        return;
    default: return;
    }
}

void RequestParser::on_header_impl(Error& error) {
    if (hosts_ > 1 || (hosts_ == 0 && request_.minor_version_ >= 1)) {
        return refuse(400, hosts_ == 0 ? "Host is missing" : "there are several Host fields",
                      error);
    }
    if (lengths_ > 0 && has_coding_) {
        return refuse(400, "there are both Content-Length and Transfer-Encoding", error);
    }
    content_length_ = basic_parser::content_length().value_or(0);
    if (request_.minor_version_ == 0 && lengths_ == 0 &&
        (request_.method_ == "POST" || request_.method_ == "PUT" || request_.method_ == "PATCH")) {
        return refuse(411, "a body of HTTP/1.0 needs Content-Length", error);
    }
}

std::size_t RequestParser::on_body_impl(View body, Error&) {
    body_->append(body.data(), body.size());
    return body.size();
}

std::size_t RequestParser::on_chunk_body_impl(std::uint64_t, View body, Error&) {
    chunk_left_ -= body.size();
    body_->append(body.data(), body.size());
    return body.size();
}

void RequestParser::on_chunk_header_impl(std::uint64_t size, View extensions, Error& error) {
    // Many small chunks with long extensions would be work for the server and hide nothing.
    overhead_ += extensions.size();
    if (overhead_ > limits_.head) {
        return refuse(400, "the chunks' extensions are too large", error);
    }
    chunk_left_ = size;
    in_trailers_ = size == 0;
}

} // namespace hocket::http::detail
