#include "crawl/fetch_failure.hpp"

#include <string>
#include <system_error>

namespace crawl {

namespace http = hocket::http;
using web::Problem;

namespace {

/// What was wrong, without the request with which the error begins.
std::string reason_of(const http::HTTPError& error) {
    const std::string text = error.what();
    const auto url = text.find(error.url() + ": ");
    return url == text.npos ? text : text.substr(url + error.url().size() + 2);
}

std::string how_cut_off(const http::IncompleteResponse& error) {
    if (error.expected())
        return "cut off: Content-Length is " + std::to_string(*error.expected()) + ", but only " +
               std::to_string(error.received()) + " bytes came";
    if (reason_of(error).ends_with("without close_notify"))
        return "cut off: TLS ended without a goodbye";
    return "cut off: " + reason_of(error);
}

Problem problem_of(const http::HTTPError& error) {
    if (dynamic_cast<const http::TimeoutException*>(&error)) return Problem::timeout;
    if (dynamic_cast<const http::CertificateError*>(&error)) return Problem::certificate_refused;
    if (dynamic_cast<const http::TLSError*>(&error)) return Problem::tls_failed;
    if (dynamic_cast<const http::ConnectError*>(&error)) return Problem::unreachable;
    if (dynamic_cast<const http::NetworkError*>(&error)) return Problem::cut_off;
    if (dynamic_cast<const http::BodyTooLarge*>(&error)) return Problem::too_large;
    return Problem::not_http;
}

} // namespace

void fail(web::PageFetch& fetch, const http::HTTPError& error) {
    if (const auto* incomplete = dynamic_cast<const http::IncompleteResponse*>(&error))
        return fetch.fail(Problem::cut_off, how_cut_off(*incomplete));
    const auto* network = dynamic_cast<const http::NetworkError*>(&error);
    if (network && network->code()) return fetch.fail(network->code());
    fetch.fail(problem_of(error), reason_of(error));
}

} // namespace crawl
