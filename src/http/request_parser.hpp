#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <boost/beast/http/basic_parser.hpp>

#include <hocket/http/request.hpp>
#include <hocket/http/serve_options.hpp>

namespace hocket::http::detail {

/// Why a request is not answered by its handler; status 0: it is.
struct Refusal {
    int status = 0;
    const char* detail = "";

    explicit operator bool() const noexcept { return status != 0; }
};

/// Where the head at the start of the bytes received ends.
struct HeadEnd {
    std::size_t size = 0; ///< With the empty line; 0: the head is not complete.
    Refusal refusal = {};
};

/// Looks for the end of the head. The first `scanned` bytes were looked at before. Refuses what
/// cannot become a head any more, without waiting for its end.
[[nodiscard]] HeadEnd find_head_end(std::string_view bytes, std::size_t scanned,
                                    const ServeLimits& limits) noexcept;

/// Parses one request: Boost.Beast's parser, without Beast's containers, and stricter where two
/// programs could disagree about where a request ends (request smuggling).
class RequestParser final : private boost::beast::http::basic_parser<true> {
public:
    RequestParser(Request& request, const ServeLimits& limits) noexcept;

    /// Parses the head at the start of `bytes` into the request. If it is incomplete, the size is
    /// 0, and what the request contains is undefined.
    [[nodiscard]] HeadEnd parse_head(std::string_view bytes);
    [[nodiscard]] bool keep_alive() const { return basic_parser::keep_alive(); }
    [[nodiscard]] bool is_chunked() const { return basic_parser::chunked(); }
    /// 0 if chunked.
    [[nodiscard]] std::uint64_t content_length() const noexcept { return content_length_; }
    /// Whether the whole body has been parsed.
    [[nodiscard]] bool is_done() const noexcept { return basic_parser::is_done(); }
    /// Whether the client waits for 100 Continue.
    [[nodiscard]] bool expects_continue() const noexcept { return expects_continue_; }

    /// Parses a part of the body at the start of `bytes`, and appends the bytes of the body to
    /// `body`. Returns how many bytes were used; 0 if more are needed.
    [[nodiscard]] std::size_t parse_body(std::string_view bytes, std::string& body,
                                         Refusal& refusal);

private:
    using Error = boost::beast::error_code;
    using View = boost::beast::string_view;

    void on_request_impl(boost::beast::http::verb verb, View method, View target, int version,
                         Error& error) override;
    void on_response_impl(int, View, int, Error&) override {}
    void on_field_impl(boost::beast::http::field field, View name, View value,
                       Error& error) override;
    void on_header_impl(Error& error) override;
    void on_body_init_impl(boost::optional<std::uint64_t> const&, Error&) override {}
    std::size_t on_body_impl(View body, Error& error) override;
    void on_chunk_header_impl(std::uint64_t size, View extensions, Error& error) override;
    std::size_t on_chunk_body_impl(std::uint64_t remaining, View body, Error& error) override;
    void on_finish_impl(Error&) override {}

    void refuse(int status, const char* detail, Error& error) noexcept;
    void check_field(boost::beast::http::field field, std::string_view value, Error& error);
    [[nodiscard]] bool is_folded(View name, View value) const noexcept;
    [[nodiscard]] Refusal refusal_of(const Error& error, std::string_view head) const noexcept;

    Request& request_;
    const ServeLimits& limits_;
    std::string* body_ = nullptr;
    std::string_view bytes_; // being parsed
    Refusal refusal_;
    std::uint64_t content_length_ = 0;
    std::uint64_t chunk_left_ = 0; // of the chunk being received
    std::size_t overhead_ = 0;     // bytes of chunk extensions
    unsigned lengths_ = 0;         // Content-Length fields
    unsigned hosts_ = 0;
    bool has_coding_ = false; // Transfer-Encoding
    bool expects_continue_ = false;
    bool in_trailers_ = false;
};

} // namespace hocket::http::detail
