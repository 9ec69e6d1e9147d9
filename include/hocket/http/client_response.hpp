#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <hocket/http/client_errors.hpp>
#include <hocket/http/headers.hpp>

namespace hocket::http {

/// The answer to a request: httpx.Response. A value. Bodies of streamed responses are not in it;
/// see StreamedResponse.
class ClientResponse {
public:
    [[nodiscard]] int status_code() const noexcept { return status_; }
    /// What the server sent after the status code; over HTTP/2, the phrase of RFC 9110.
    [[nodiscard]] std::string_view reason_phrase() const noexcept { return reason_; }
    /// "HTTP/1.0", "HTTP/1.1" or "HTTP/2".
    [[nodiscard]] std::string_view http_version() const noexcept { return version_; }
    [[nodiscard]] const Headers& headers() const noexcept { return headers_; }
    /// The body, decompressed.
    [[nodiscard]] const std::string& content() const& noexcept { return content_; }
    [[nodiscard]] std::string content() && noexcept { return std::move(content_); }
    /// The same: text is not converted to another character set.
    [[nodiscard]] const std::string& text() const& noexcept { return content_; }
    [[nodiscard]] std::string text() && noexcept { return std::move(content_); }
    /// The method and the URL of the request, after redirects.
    [[nodiscard]] std::string_view method() const noexcept { return method_; }
    [[nodiscard]] const std::string& url() const noexcept { return url_; }
    /// The redirects that led here, the first one first.
    [[nodiscard]] const std::vector<ClientResponse>& history() const noexcept { return history_; }
    /// The time from the start of the request to the end of the response (for streamed ones: of
    /// its headers).
    [[nodiscard]] std::chrono::nanoseconds elapsed() const noexcept { return elapsed_; }

    [[nodiscard]] bool is_informational() const noexcept { return status_ / 100 == 1; }
    [[nodiscard]] bool is_success() const noexcept { return status_ / 100 == 2; }
    [[nodiscard]] bool is_redirect() const noexcept { return status_ / 100 == 3; }
    [[nodiscard]] bool is_client_error() const noexcept { return status_ / 100 == 4; }
    [[nodiscard]] bool is_server_error() const noexcept { return status_ / 100 == 5; }
    [[nodiscard]] bool is_error() const noexcept { return is_client_error() || is_server_error(); }
    /// Whether the response says where to go instead.
    [[nodiscard]] bool has_redirect_location() const noexcept;

    /// Throws HTTPStatusError unless the response is a success.
    const ClientResponse& raise_for_status() const;

    /// Internal: fills a response.
    struct Parts;

private:
    int status_ = 0;
    std::string reason_;
    std::string version_;
    Headers headers_;
    std::string content_;
    std::string method_;
    std::string url_;
    std::vector<ClientResponse> history_;
    std::chrono::nanoseconds elapsed_{};
};

} // namespace hocket::http
