#include <hocket/http/session.hpp>

#include <algorithm>
#include <utility>

#include <hocket/http/requests.hpp>

#include "http/client/response_stream.hpp"
#include "http/client/session_state.hpp"

namespace hocket::http {
namespace {

std::unique_ptr<detail::ClientRequest> request_of(const detail::SessionSettings& settings,
                                                  std::string_view method, std::string_view url,
                                                  const RequestOptions& options) {
    const auto end = std::min(url.find_first_of(":/?#"), url.size());
    const bool is_relative = !settings.base_url.empty() && !url.substr(end).starts_with("://");
    auto request =
        is_relative
            ? std::make_unique<detail::ClientRequest>(
                  method, settings.base_url + (url.starts_with('/') ? "" : "/") + std::string(url),
                  options)
            : std::make_unique<detail::ClientRequest>(method, url, options);
    detail::append_query(request->url, settings.params);
    return request;
}

Coro<StreamedResponse> stream_of(std::shared_ptr<detail::SessionState> session,
                                 std::unique_ptr<detail::ClientRequest> request) {
    auto sending = detail::send_streamed(std::move(session), std::move(request));
    co_return StreamedResponse(co_await std::move(sending));
}

/// The session lives as long as the request.
Coro<ClientResponse> with_session(std::unique_ptr<Session> session, Coro<ClientResponse> sending) {
    const std::unique_ptr<Session> kept = std::move(session);
    co_return co_await std::move(sending);
}

} // namespace

Session::Session(const SessionOptions& options)
    : state_(std::make_shared<detail::SessionState>(options)) {}

Session::Session(Session&&) noexcept = default;

Session& Session::operator=(Session&& other) noexcept {
    std::swap(state_, other.state_);
    return *this;
}

Session::~Session() { aclose(); }

void Session::aclose() noexcept {
    if (state_) state_->close();
}

bool Session::is_closed() const noexcept { return !state_ || state_->is_closed(); }

Cookies Session::cookies() const { return Cookies(state_); }

Coro<ClientResponse> Session::request(std::string_view method, std::string_view url,
                                      const RequestOptions& options) {
    return detail::send(state_, request_of(state_->settings(), method, url, options));
}

Coro<StreamedResponse> Session::stream(std::string_view method, std::string_view url,
                                       const RequestOptions& options) {
    return stream_of(state_, request_of(state_->settings(), method, url, options));
}

Coro<ClientResponse> Session::get(std::string_view url, const RequestOptions& options) {
    return request("GET", url, options);
}

Coro<ClientResponse> Session::options(std::string_view url, const RequestOptions& options) {
    return request("OPTIONS", url, options);
}

Coro<ClientResponse> Session::head(std::string_view url, const RequestOptions& options) {
    return request("HEAD", url, options);
}

Coro<ClientResponse> Session::post(std::string_view url, const RequestOptions& options) {
    return request("POST", url, options);
}

Coro<ClientResponse> Session::put(std::string_view url, const RequestOptions& options) {
    return request("PUT", url, options);
}

Coro<ClientResponse> Session::patch(std::string_view url, const RequestOptions& options) {
    return request("PATCH", url, options);
}

Coro<ClientResponse> Session::delete_(std::string_view url, const RequestOptions& options) {
    return request("DELETE", url, options);
}

Coro<ClientResponse> get(std::string_view url, const RequestOptions& options) {
    return request("GET", url, options);
}

Coro<ClientResponse> options(std::string_view url, const RequestOptions& options) {
    return request("OPTIONS", url, options);
}

Coro<ClientResponse> head(std::string_view url, const RequestOptions& options) {
    return request("HEAD", url, options);
}

Coro<ClientResponse> post(std::string_view url, const RequestOptions& options) {
    return request("POST", url, options);
}

Coro<ClientResponse> put(std::string_view url, const RequestOptions& options) {
    return request("PUT", url, options);
}

Coro<ClientResponse> patch(std::string_view url, const RequestOptions& options) {
    return request("PATCH", url, options);
}

Coro<ClientResponse> delete_(std::string_view url, const RequestOptions& options) {
    return request("DELETE", url, options);
}

Coro<ClientResponse> request(std::string_view method, std::string_view url,
                             const RequestOptions& options) {
    auto session = std::make_unique<Session>();
    auto sending = session->request(method, url, options);
    return with_session(std::move(session), std::move(sending));
}

} // namespace hocket::http
