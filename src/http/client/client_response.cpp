#include <hocket/http/client_response.hpp>

#include <memory>

#include <hocket/http/status.hpp>

#include "http/client/client_request.hpp"

namespace hocket::http {

bool ClientResponse::has_redirect_location() const noexcept {
    switch (status_) {
    case 301:
    case 302:
    case 303:
    case 307:
    case 308: return headers_.contains("location");
    default: return false;
    }
}

const ClientResponse& ClientResponse::raise_for_status() const {
    if (is_success()) return *this;
    const char* const kind = is_client_error()   ? "client error"
                             : is_server_error() ? "server error"
                             : is_redirect()     ? "redirect"
                                                 : "informational response";
    const std::string url = detail::without_password(url_);
    std::string what = method_ + " " + url + ": " + kind + " " + std::to_string(status_) + " ";
    what += reason_.empty() ? hocket::http::reason_phrase(status_) : std::string_view(reason_);
    if (const auto location = headers_.get("location"); is_redirect() && location) {
        what.append(" to ").append(*location);
    }
    throw HTTPStatusError(what, url, std::make_shared<const ClientResponse>(*this));
}

} // namespace hocket::http
