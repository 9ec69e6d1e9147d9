// The bodies of requests.

#include <algorithm>

#include <hocket/http/status_error.hpp>

#include "http/connection.hpp"

namespace hocket::http {

Coro<std::string> RequestBody::read() { return connection_->read_body(); }
Coro<std::string> RequestBody::read_some() { return connection_->read_some_body(); }

AsyncGenerator<std::string> RequestBody::chunks() {
    for (;;) {
        std::string piece = co_await read_some();
        if (piece.empty()) co_return;
        co_yield std::move(piece);
    }
}

std::optional<std::uint64_t> RequestBody::length() const noexcept {
    return connection_->body_length();
}
bool RequestBody::at_end() const noexcept { return connection_->is_body_done(); }
void RequestBody::set_limit(std::uint64_t bytes) noexcept { connection_->set_body_limit(bytes); }

namespace detail {

namespace {

/// Sets a flag while a task waits for the body, however the wait ends.
class WaitsForBody {
public:
    explicit WaitsForBody(bool& flag) noexcept : flag_(flag) { flag_ = true; }
    ~WaitsForBody() { flag_ = false; }
    WaitsForBody(const WaitsForBody&) = delete;
    WaitsForBody& operator=(const WaitsForBody&) = delete;

private:
    bool& flag_;
};

} // namespace

std::optional<std::uint64_t> Connection::body_length() const noexcept {
    if (!parser_ || parser_->is_chunked()) return std::nullopt;
    return parser_->content_length();
}

void Connection::fail_body(const Refusal& refusal) {
    keep_alive_ = false;
    throw StatusError(refusal.status, refusal.detail);
}

/// Moves what has been received of the body to piece_.
void Connection::parse_body() {
    while (!body_done_ && !input_.empty()) {
        Refusal refusal;
        const std::size_t before = piece_.size();
        const std::size_t used = parser_->parse_body(input_.bytes(), piece_, refusal);
        input_.drop(used);
        body_received_ += piece_.size() - before;
        body_done_ = parser_->is_done();
        if (refusal) fail_body(refusal);
        if (used == 0) break;
    }
    throttle_reading();
    if (body_received_ > body_limit_) {
        fail_body({413, "the body is larger than this resource accepts"});
    }
}

bool Connection::is_body_too_slow() const noexcept {
    const double waited = loop_->seconds(body_ticks_);
    const ServeLimits& limits = loop_->limits();
    const double patience = std::chrono::duration<double>(limits.body_time).count();
    return waited > patience &&
           static_cast<double>(body_received_) < static_cast<double>(limits.body_rate) * waited;
}

Coro<std::string> Connection::read_some_body() {
    // What is announced need not be received to be refused.
    if (!body_done_ && parser_->content_length() > body_limit_) {
        fail_body({413, "the body is larger than this resource accepts"});
    }
    for (;;) {
        parse_body();
        if (!piece_.empty() || body_done_) co_return std::exchange(piece_, {});
        if (eof_ || lost_) fail_body({400, "the body ended early"});
        if (is_body_too_slow()) fail_body({408, "the body took too long"});
        if (std::exchange(expects_continue_, false)) out_->write("HTTP/1.1 100 Continue\r\n\r\n");
        Wait wait(*this, "the body of an HTTP request");
        const WaitsForBody waits(waits_for_body_);
        co_await wait;
    }
}

Coro<std::string> Connection::read_body() {
    std::string body = co_await read_some_body();
    while (!body_done_) {
        const std::string piece = co_await read_some_body();
        body += piece;
    }
    co_return body;
}

} // namespace detail
} // namespace hocket::http
