#include <hocket/http/response.hpp>

#include <utility>

#include <hocket/errors.hpp>
#include <hocket/http/request.hpp>
#include <hocket/http/status.hpp>
#include <hocket/http/status_error.hpp>

#include "http/ascii.hpp"
#include "http/connection.hpp"
#include "http/percent.hpp"
#include "http/static_entry.hpp"

namespace hocket::http {

StatusError::StatusError(int status, const std::string& detail, Headers headers)
    : std::runtime_error(detail), status_(status), headers_(std::move(headers)) {
    if (status < 400 || status > 599) {
        throw ValueError("the status of a StatusError must be from 400 to 599, not " +
                         std::to_string(status));
    }
}

Response::Response(int code) : status(code) {
    if (code < 200 || code > 599) {
        throw ValueError("the status of a response must be from 200 to 599, not " +
                         std::to_string(code));
    }
}

Response::Response(int code, std::string body, std::string_view content_type) : Response(code) {
    headers.set("Content-Type", content_type);
    body_ = std::move(body);
}

Response Response::text(std::string body, int status) {
    Response response(status);
    response.content_type_ = "text/plain; charset=utf-8";
    response.body_ = std::move(body);
    return response;
}

Response Response::html(std::string body, int status) {
    Response response(status);
    response.content_type_ = "text/html; charset=utf-8";
    response.body_ = std::move(body);
    return response;
}

Response Response::json(std::string body, int status) {
    Response response(status);
    response.content_type_ = "application/json";
    response.body_ = std::move(body);
    return response;
}

Response Response::redirect(std::string_view location, int status) {
    Response response(status);
    response.headers.set("Location", location);
    return response;
}

Response Response::stream(AsyncGenerator<std::string> pieces, std::string_view content_type) {
    Response response;
    response.headers.set("Content-Type", content_type);
    response.body_ = std::move(pieces);
    return response;
}

Response Response::file(FileBody body, std::string_view content_type) {
    Response response;
    response.headers.set("Content-Type", content_type);
    response.body_ = std::move(body);
    return response;
}

Response Response::upgrade(Headers headers, Upgrade run) {
    Response response;
    response.headers = std::move(headers);
    response.body_ = std::move(run);
    return response;
}

std::string_view Request::param(std::string_view name) const {
    for (const auto& [key, value] : params_) {
        if (key == name) return value;
    }
    throw ValueError("the route's pattern has no parameter " + detail::quoted(name));
}

std::optional<std::string> Request::query_param(std::string_view name) const {
    for (std::string_view rest = query_; !rest.empty();) {
        const std::string_view pair = rest.substr(0, rest.find('&'));
        rest.remove_prefix(std::min(pair.size() + 1, rest.size()));
        const std::size_t equals = std::min(pair.find('='), pair.size());
        if (detail::percent_decode(pair.substr(0, equals), true) != name) continue;
        return detail::percent_decode(pair.substr(std::min(equals + 1, pair.size())), true);
    }
    return std::nullopt;
}

SocketAddress Request::peername() const { return connection_->peername(); }
SSLObject Request::ssl_object() const { return connection_->ssl_object(); }

} // namespace hocket::http
