#include "http/client/exchange.hpp"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <utility>

#include "http/ascii.hpp"
#include "http/client/client_request.hpp"
#include "http/client/failure.hpp"
#include "http/client/multi.hpp"
#include "http/client/response_parts.hpp"
#include "http/client/session_state.hpp"
#include "http/client/tls_trust.hpp"
#include "http/received_headers.hpp"

namespace hocket::http::detail {

using engine::Nanoseconds;

namespace {

/// While this much waits to be read, a streamed response is not received.
constexpr std::size_t high_water = 64 * 1024;

} // namespace

Exchange::Exchange(SessionState& session) : session_(session), easy_(curl_easy_init()) {
    if (!easy_) throw std::bad_alloc();
}

Exchange::~Exchange() { reset(); }

Multi& Exchange::multi() const noexcept { return session_.multi(); }

void Exchange::start(const ClientRequest& request, Uploads uploads, bool is_streamed) {
    request_ = &request;
    timeout_ = request.timeout.value_or(session_.settings().timeout);
    max_body_ = request.max_body_bytes.value_or(
        is_streamed ? SIZE_MAX : session_.settings().limits.max_body_bytes);
    is_streamed_ = is_streamed;
    how_ = refused_ = How::running;
    sent_ = 0;
    phase_ = Phase::pool;
    result_ = CURLE_OK;
    uploads_ = std::move(uploads);
    for (const auto& upload : uploads_) upload->attach(this);
    configure();
    multi().add(easy_.get());
    in_multi_ = true;
    started_at_ = active_at_ = engine::Reactor::now();
    tick_ = 0;
    for (const auto& limit : {timeout_.pool, timeout_.connect, timeout_.write, timeout_.read}) {
        if (limit && (tick_ == 0 || limit->count() < tick_))
            tick_ = std::max<Nanoseconds>(limit->count(), 1);
    }
    if (tick_ != 0) session_.reactor().timers().arm(*this, started_at_ + tick_);
}

void Exchange::reset() noexcept {
    if (!has_ended()) how_ = How::abandoned;
    if (in_multi_) multi().remove(easy_.get());
    in_multi_ = false;
    if (is_armed()) session_.reactor().timers().cancel(*this);
    for (const auto& upload : uploads_) upload->attach(nullptr);
    uploads_.clear();
    if (form_) {
        curl_easy_setopt(easy_.get(), CURLOPT_MIMEPOST, nullptr);
        form_.reset();
    }
    request_ = nullptr;
    response_ = ClientResponse();
    received_ = std::string();
    upload_error_ = nullptr;
    certificate_problem_.clear();
    ended_by_tls_.reset();
    changed_.set(); // a task may wait for a stream that another one has closed
    changed_.clear();
    head_size_ = 0;
    has_head_ = is_in_head_ = is_receiving_paused_ = is_sending_paused_ = false;
}

void Exchange::end(CURLcode result) noexcept {
    if (in_multi_) multi().remove(easy_.get());
    in_multi_ = false;
    if (has_ended()) return;
    result_ = result;
    if (const char* const why = why_incomplete(); result == CURLE_OK && why != nullptr) {
        result_ = CURLE_PARTIAL_FILE;
        std::snprintf(error_text_.data(), error_text_.size(), "%s", why);
    }
    finish(refused_ != How::running ? refused_ : result_ == CURLE_OK ? How::finished : How::failed);
}

// libcurl takes headers that end early for complete ones, and a TLS connection that is cut for the
// end of a body without a length.
const char* Exchange::why_incomplete() const noexcept {
    if (is_in_head_) return "the server closed the connection in the middle of the headers";
    if (ended_by_tls_ && !ended_by_tls_->has_received_close_notify)
        return "the connection ended without close_notify";
    return nullptr;
}

void Exchange::finish(How how) noexcept {
    how_ = how;
    if (is_armed()) session_.reactor().timers().cancel(*this);
    changed_.set();
}

void Exchange::stop(How how) noexcept {
    if (has_ended()) return;
    multi().remove(easy_.get());
    in_multi_ = false;
    finish(how);
}

void Exchange::abandon(bool wakes) noexcept {
    if (in_multi_) multi().remove(easy_.get());
    in_multi_ = false;
    if (is_armed()) session_.reactor().timers().cancel(*this);
    if (has_ended()) return;
    how_ = How::abandoned;
    if (wakes) changed_.set();
}

const Timeout::Limit& Exchange::limit_of(Phase phase) const noexcept {
    switch (phase) {
    case Phase::pool: return timeout_.pool;
    case Phase::connect: return timeout_.connect;
    case Phase::write: return timeout_.write;
    default: return timeout_.read;
    }
}

void Exchange::enter(Phase phase) noexcept {
    phase_ = phase;
    active_at_ = multi().driven_at();
}

void Exchange::expire() noexcept {
    const Nanoseconds now = engine::Reactor::now();
    const Timeout::Limit& limit = limit_of(phase_);
    // A transfer that waits for this program is not late.
    const bool waits_for_us = is_receiving_paused_ || is_sending_paused_;
    if (waits_for_us || is_sending_content()) active_at_ = now;
    if (limit && !waits_for_us && now >= active_at_ + limit->count()) {
        stop(How::timed_out);
        return;
    }
    const Nanoseconds next = limit ? active_at_ + limit->count() : now + tick_;
    session_.reactor().timers().arm(*this, std::min(std::max(next, now + 1), now + tick_));
}

// libcurl sends a body that is in memory without asking for it. Returns whether more of it has been
// sent than at the last call.
bool Exchange::is_sending_content() noexcept {
    if (request_->body_kind != ClientRequest::BodyKind::bytes || phase_ < Phase::write)
        return false;
    curl_off_t sent = 0;
    curl_easy_getinfo(easy_.get(), CURLINFO_SIZE_UPLOAD_T, &sent);
    const bool is_complete = sent == static_cast<curl_off_t>(request_->body.size());
    if (!is_complete && !has_head_) phase_ = Phase::write;
    return std::exchange(sent_, sent) != sent;
}

void Exchange::on_upload_data() noexcept {
    enter(Phase::write);
    if (form_) {
        // libcurl remembers for a part that its callback has paused, even if it went on sending
        // what it had before. It forgets that only when a transfer that is paused continues.
        is_sending_paused_ = true;
        update_pauses();
    }
    is_sending_paused_ = false;
    update_pauses();
}

void Exchange::on_upload_failure(std::exception_ptr error) noexcept {
    if (has_ended()) return;
    upload_error_ = std::move(error);
    stop(How::upload_failed);
}

void Exchange::update_pauses() noexcept {
    if (!in_multi_) return;
    multi().pause(easy_.get(), (is_receiving_paused_ ? CURLPAUSE_RECV : 0) |
                                   (is_sending_paused_ ? CURLPAUSE_SEND : 0));
}

std::string Exchange::take_received() {
    std::string data = std::move(received_);
    received_ = std::string();
    if (is_receiving_paused_) {
        is_receiving_paused_ = false;
        active_at_ = engine::Reactor::now();
        update_pauses();
    }
    return data;
}

void Exchange::throw_failure() const {
    const Failure failure{request_->text(), without_password(request_->url)};
    switch (how_) {
    case How::failed: throw_curl_failure(failure);
    case How::timed_out: {
        const std::chrono::nanoseconds limit = *limit_of(phase_);
        switch (phase_) {
        case Phase::pool: failure.throw_pool_timeout(limit, session_.settings().limits);
        case Phase::connect: failure.throw_connect_timeout(limit);
        case Phase::write: failure.throw_write_timeout(limit);
        default: failure.throw_read_timeout(limit);
        }
    }
    case How::header_too_large:
        failure.throw_too_large("headers", session_.settings().limits.max_header_bytes);
    case How::body_too_large: failure.throw_too_large("body", max_body_);
    case How::upload_failed: std::rethrow_exception(upload_error_);
    case How::abandoned: failure.throw_closed();
    default: return;
    }
}

std::string Exchange::host() const { return request_ != nullptr ? request_->host() : ""; }

void Exchange::throw_curl_failure(const Failure& failure) const {
    long system_error = 0;
    curl_off_t received = 0;
    curl_off_t expected = -1;
    curl_easy_getinfo(easy_.get(), CURLINFO_OS_ERRNO, &system_error);
    curl_easy_getinfo(easy_.get(), CURLINFO_SIZE_DOWNLOAD_T, &received);
    curl_easy_getinfo(easy_.get(), CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &expected);
    const std::string host = request_->host();
    CurlFailure known{.code = result_,
                      .detail = error_text_.data(),
                      .system_error = static_cast<int>(system_error),
                      .received = static_cast<std::uint64_t>(received),
                      .expected = std::nullopt,
                      .certificate_problem = certificate_problem_,
                      .host = host};
    if (expected >= 0) known.expected = static_cast<std::uint64_t>(expected);
    failure.throw_curl(known);
}

ClientResponse Exchange::take_response() {
    ClientResponse::Parts parts(response_);
    parts.method = request_->method;
    parts.url = request_->url;
    parts.elapsed = std::chrono::nanoseconds(engine::Reactor::now() - started_at_);
    return std::move(response_);
}

void Exchange::begin_head(std::string_view line) {
    ClientResponse::Parts parts(response_);
    head_size_ = line.size();
    has_head_ = false;
    is_in_head_ = true;
    parts.headers.clear();
    line = trim(line);
    const auto space = std::min(line.find(' '), line.size());
    parts.version = line.substr(0, space);
    line.remove_prefix(std::min(space + 1, line.size()));
    parts.status = 0;
    std::from_chars(line.data(), line.data() + line.size(), parts.status);
    line.remove_prefix(std::min<std::size_t>(4, line.size()));
    parts.reason = line;
}

bool Exchange::add_header_line(std::string_view line) {
    enter(Phase::read);
    if (line.starts_with("HTTP/")) {
        begin_head(line.substr(0, line.find_last_not_of("\r\n") + 1));
        return true;
    }
    head_size_ += line.size();
    if (head_size_ > session_.settings().limits.max_header_bytes) {
        refused_ = How::header_too_large;
        return false;
    }
    ClientResponse::Parts parts(response_);
    line = line.substr(0, line.find_last_not_of("\r\n") + 1);
    if (line.empty()) {
        is_in_head_ = false;
        // A 401 may be followed by another response, if libcurl answers it with a digest.
        const bool is_final = parts.status / 100 != 1 && parts.status != 401 && parts.status != 407;
        if (is_final && !has_head_) {
            has_head_ = true;
            note_how_body_ends();
            if (is_streamed_) changed_.set();
        }
    } else if (!has_head_) { // otherwise it is a trailer
        ReceivedHeaders(parts.headers).add_line(line);
    }
    return true;
}

// The headers are complete.
void Exchange::note_how_body_ends() {
    const ClientResponse::Parts parts(response_);
    const bool has_end = parts.version.starts_with("HTTP/2") || request_->method == "HEAD" ||
                         parts.status == 204 || parts.status == 304 ||
                         parts.headers.contains("content-length") ||
                         parts.headers.contains("transfer-encoding");
    if (!has_end) ended_by_tls_ = tls_connection_of(easy_.get());
}

std::size_t Exchange::receive(std::string_view data) {
    enter(Phase::read);
    if (is_streamed_) {
        if (received_.size() >= high_water) {
            is_receiving_paused_ = true;
            return CURL_WRITEFUNC_PAUSE;
        }
        has_head_ = true;
        received_.append(data);
        changed_.set();
        return data.size();
    }
    std::string& content = ClientResponse::Parts(response_).content;
    if (data.size() > max_body_ - content.size()) {
        refused_ = How::body_too_large;
        return 0;
    }
    if (content.empty()) {
        curl_off_t length = -1;
        curl_easy_getinfo(easy_.get(), CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
        // What the server announces is not allocated at once, only up to a megabyte.
        if (length > 0)
            content.reserve(static_cast<std::size_t>(std::min<curl_off_t>(length, 1 << 20)));
    }
    content.append(data);
    return data.size();
}

std::size_t Exchange::on_header(char* data, std::size_t, std::size_t size, void* self) noexcept {
    try {
        return static_cast<Exchange*>(self)->add_header_line({data, size}) ? size : 0;
    } catch (const std::bad_alloc&) {
        return 0;
    }
}

std::size_t Exchange::on_body(char* data, std::size_t, std::size_t size, void* self) noexcept {
    try {
        return static_cast<Exchange*>(self)->receive({data, size});
    } catch (const std::bad_alloc&) {
        return 0;
    }
}

std::size_t Exchange::on_read(char* into, std::size_t size, std::size_t count,
                              void* self) noexcept {
    Exchange& exchange = *static_cast<Exchange*>(self);
    exchange.enter(Phase::write);
    const std::size_t taken = exchange.uploads_.front()->take(into, size * count);
    exchange.is_sending_paused_ = taken == CURL_READFUNC_PAUSE;
    if (taken == 0) exchange.phase_ = Phase::read; // everything is sent
    return taken;
}

std::size_t Exchange::on_part_read(char* into, std::size_t size, std::size_t count,
                                   void* part) noexcept {
    Upload& upload = *static_cast<Upload*>(part);
    const std::size_t taken = upload.take(into, size * count);
    if (upload.owner() != nullptr) {
        Exchange& exchange = static_cast<Exchange&>(*upload.owner());
        exchange.enter(Phase::write);
        exchange.is_sending_paused_ = taken == CURL_READFUNC_PAUSE;
    }
    return taken;
}

int Exchange::on_ready_to_send(void* self, char*, char*, int, int) noexcept {
    Exchange& exchange = *static_cast<Exchange*>(self);
    exchange.enter(exchange.uploads_.empty() ? Phase::read : Phase::write);
    return CURL_PREREQFUNC_OK;
}

int Exchange::on_resolve(void*, void*, void* self) noexcept {
    static_cast<Exchange*>(self)->enter(Phase::connect);
    return 0;
}

curl_socket_t Exchange::on_open_socket(void* self, curlsocktype, curl_sockaddr* address) noexcept {
    Exchange& exchange = *static_cast<Exchange*>(self);
    if (exchange.phase_ == Phase::pool) exchange.enter(Phase::connect);
    return exchange.multi().open_socket(*address);
}

} // namespace hocket::http::detail
