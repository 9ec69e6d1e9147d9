#include "http/client/response_stream.hpp"

#include <utility>

#include <hocket/errors.hpp>
#include <hocket/http/client_errors.hpp>

#include "http/client/failure.hpp"
#include "http/client/response_parts.hpp"

namespace hocket::http::detail {

ResponseStream::ResponseStream(std::unique_ptr<ClientRequest> request, ExchangeLease exchange,
                               UploadTask uploads, ClientResponse head, std::size_t max_body)
    : request_(std::move(request)),
      exchange_(std::move(exchange)),
      uploads_(std::move(uploads)),
      head_(std::move(head)),
      max_body_(max_body) {}

Coro<std::string> ResponseStream::read_some(std::shared_ptr<ResponseStream> stream) {
    struct Reading {
        explicit Reading(bool& is_reading) : flag(is_reading) { flag = true; }
        Reading(const Reading&) = delete;
        ~Reading() { flag = false; }
        bool& flag;
    };
    if (stream->is_reading_) {
        throw RuntimeError("read_some() called while another coroutine is already waiting for the "
                           "body of " +
                           stream->request_->text());
    }
    const Reading reading(stream->is_reading_);
    for (;;) {
        if (!stream->exchange_) {
            throw StreamConsumed(stream->request_->text() + ": the response was closed",
                                 stream->head_.url());
        }
        Exchange& exchange = **stream->exchange_;
        if (exchange.has_received()) co_return exchange.take_received();
        if (exchange.has_ended()) {
            exchange.throw_failure();
            co_return std::string();
        }
        exchange.changed().clear();
        co_await exchange.changed().wait();
    }
}

void ResponseStream::close() noexcept {
    uploads_ = UploadTask();
    exchange_.reset();
}

void ResponseStream::throw_too_large() const {
    Failure{request_->text(), head_.url()}.throw_too_large("body", max_body_);
}

namespace {

/// Whether the response is a redirect that is to be followed. Then changes the request, and keeps
/// the response in `history`.
bool follow(const SessionState& session, ClientRequest& request, ClientResponse& response,
            std::vector<ClientResponse>& history) {
    const SessionSettings& settings = session.settings();
    if (!response.has_redirect_location() ||
        !request.follow_redirects.value_or(settings.follow_redirects)) {
        return false;
    }
    if (history.size() >= settings.max_redirects) {
        Failure{request.text(), response.url()}.throw_too_many_redirects(settings.max_redirects);
    }
    request.redirect(response.status_code(), response.headers().get("location", ""));
    history.push_back(std::move(response));
    return true;
}

} // namespace

Coro<ClientResponse> send(std::shared_ptr<SessionState> session,
                          std::unique_ptr<ClientRequest> request) {
    std::vector<ClientResponse> history;
    for (;;) {
        Uploads uploads;
        if (request->body_kind >= ClientRequest::BodyKind::stream) {
            uploads = co_await open_uploads(*request);
        }
        ExchangeLease exchange(session);
        const UploadTask upload_task(uploads);
        exchange->start(*request, std::move(uploads), /*is_streamed=*/false);
        if (!exchange->has_ended()) co_await exchange->changed().wait();
        exchange->throw_failure();
        ClientResponse response = exchange->take_response();
        if (follow(*session, *request, response, history)) continue;
        ClientResponse::Parts(response).history = std::move(history);
        co_return response;
    }
}

Coro<std::shared_ptr<ResponseStream>> send_streamed(std::shared_ptr<SessionState> session,
                                                    std::unique_ptr<ClientRequest> request) {
    std::vector<ClientResponse> history;
    for (;;) {
        Uploads uploads;
        if (request->body_kind >= ClientRequest::BodyKind::stream) {
            uploads = co_await open_uploads(*request);
        }
        ExchangeLease exchange(session);
        UploadTask upload_task(uploads);
        exchange->start(*request, std::move(uploads), /*is_streamed=*/true);
        while (!exchange->has_head() && !exchange->has_ended()) {
            exchange->changed().clear();
            co_await exchange->changed().wait();
        }
        if (!exchange->has_head()) exchange->throw_failure();
        ClientResponse response = exchange->take_response();
        if (follow(*session, *request, response, history)) continue;
        ClientResponse::Parts(response).history = std::move(history);
        const std::size_t max_body =
            request->max_body_bytes.value_or(session->settings().limits.max_body_bytes);
        co_return std::make_shared<ResponseStream>(std::move(request), std::move(exchange),
                                                   std::move(upload_task), std::move(response),
                                                   max_body);
    }
}

} // namespace hocket::http::detail
