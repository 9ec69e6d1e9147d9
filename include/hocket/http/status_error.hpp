#pragma once

#include <stdexcept>
#include <string>

#include <hocket/http/headers.hpp>

namespace hocket::http {

/// Thrown by a handler to answer its request with this status: Starlette's HTTPException. The
/// detail is the text of the answer. Not reported to the loop's exception handler.
///
///     hocket::Coro<hocket::http::Response> hidden(hocket::http::Request& request) {
///         throw hocket::http::StatusError(403, "not for you");
///         co_return hocket::http::Response();
///     }
class StatusError : public std::runtime_error {
public:
    /// Throws ValueError if `status` is not between 400 and 599.
    explicit StatusError(int status, const std::string& detail = {}, Headers headers = {});

    [[nodiscard]] int status() const noexcept { return status_; }
    /// Added to the answer.
    [[nodiscard]] const Headers& headers() const noexcept { return headers_; }

private:
    int status_;
    Headers headers_;
};

} // namespace hocket::http
