// From the bytes received to requests.

#include <algorithm>

#include "http/connection.hpp"
#include "http/route_table.hpp"

namespace hocket::http::detail {

void Connection::data_received(std::string_view data) {
    if (discarding_) return;
    if (!input_.empty() || !can_answer()) {
        input_.append(data);
        if (busy_) {
            if (waits_for_body_) wake();
        } else {
            answer_buffered();
        }
    } else {
        // No copy of what is answered at once.
        const std::size_t used = answer_requests(data);
        if (!discarding_) input_.append(data.substr(used));
        close_when_idle();
    }
    throttle_reading();
}

void Connection::answer_buffered() {
    if (!input_.empty() && can_answer()) {
        const std::size_t used = answer_requests(input_.bytes());
        input_.drop(std::min(used, input_.size()));
    }
    throttle_reading();
    if (eof_ && head_began_ && can_answer()) {
        forget_request();
        refuse({400, "the request ended early"});
    }
    close_when_idle();
}

// What the client sends while nobody reads stays in the kernel: TCP slows it down.
void Connection::throttle_reading() noexcept {
    if (out_ == nullptr) return;
    // A head, or the trailers, must be here as a whole before they are parsed.
    const ServeLimits& limits = loop_->limits();
    const bool is_full = !discarding_ && input_.size() >= std::max(limits.buffer, limits.head + 1);
    if (is_full && !reading_paused_) {
        reading_paused_ = true;
        out_->pause_reading();
    } else if (!is_full && reading_paused_) {
        reading_paused_ = false;
        out_->resume_reading();
    }
}

/// Begins the requests at the start of `bytes`, until one is left to the task. Returns how many
/// bytes were used.
std::size_t Connection::answer_requests(std::string_view bytes) {
    const std::size_t all = bytes.size();
    // The answers to requests that came together leave together.
    batching_ = true;
    while (can_answer() && !bytes.empty()) {
        skip_body(bytes);
        const std::size_t used = begin_request(bytes);
        if (used == 0) break;
        bytes.remove_prefix(used);
    }
    batching_ = false;
    flush_batch();
    return all - bytes.size();
}

void Connection::skip_body(std::string_view& bytes) noexcept {
    const std::size_t skipped = std::min<std::uint64_t>(skipping_, bytes.size());
    skipping_ -= skipped;
    bytes.remove_prefix(skipped);
    // RFC 9112, 2.2: some clients send an empty line after a body.
    if (!head_began_ && bytes.starts_with("\r\n")) bytes.remove_prefix(2);
}

/// Returns the size of the head at the start of `bytes`, or 0 if it is incomplete or refused.
std::size_t Connection::begin_request(std::string_view bytes) {
    if (bytes.empty() || (!head_began_ && bytes == "\r")) return 0;
    const ServeLimits& limits = loop_->limits();
    const HeadEnd end = parse_head(bytes);
    if (end.refusal) {
        refuse(end.refusal);
        return 0;
    }
    if (end.size == 0) {
        if (!head_began_) {
            head_began_ = true;
            deadline_ = loop_->after(limits.head_time);
        }
        scanned_ = bytes.size();
        return 0;
    }
    head_began_ = false;
    scanned_ = 0;
    client_keeps_alive_ = keep_alive_ = parser_->keep_alive();
    head_only_ = request_.method_ == "HEAD";
    expects_continue_ = parser_->expects_continue();
    body_done_ = parser_->is_done();
    body_limit_ = limits.body;
    body_received_ = 0;
    body_ticks_ = 0;
    dispatch(loop_->application().routes->find(request_));
    return end.size;
}

/// Parses the head at the start of `bytes` into request_. One that comes in pieces is parsed twice:
/// its first piece, and all of it.
HeadEnd Connection::parse_head(std::string_view bytes) {
    const ServeLimits& limits = loop_->limits();
    if (scanned_ > 0) {
        const HeadEnd found = find_head_end(bytes, scanned_, limits);
        if (found.refusal) forget_request();
        if (found.size == 0) return found;
    }
    forget_request();
    parser_.emplace(request_, limits);
    const HeadEnd parsed = parser_->parse_head(bytes);
    if (parsed.size != 0 || parsed.refusal) return parsed;
    forget_request();
    const HeadEnd found = find_head_end(bytes, 0, limits);
    if (found.size != 0) return {.refusal = {400, "the head is malformed"}};
    return found;
}

/// Prepares for a request, or for refusing something that is none.
void Connection::forget_request() {
    request_.method_ = request_.target_ = request_.path_ = request_.query_ = {};
    request_.minor_version_ = 1;
    request_.headers_.clear();
    request_.trailers_.clear();
    request_.params_.clear();
    if (loop_->application().access_log) began_ = std::chrono::steady_clock::now();
}

void Connection::dispatch(RouteMatch match) {
    handler_ = match.handler;
    asked_now_ = body_done_;
    if (handler_ == nullptr) {
        answer_ = match.status == 200 ? Response(204) : response_of(match.status, {});
        if (!match.allow.empty() && match.status != 501) answer_.headers.set("Allow", match.allow);
    } else if (body_done_) {
        try {
            if (!handler_->answer_now(request_, answer_)) return begin_task_request();
        } catch (...) {
            answer_ = response_of(std::current_exception());
        }
        handler_ = nullptr;
    }
    // A body that nobody has read is left to the task as well, because its bytes are not in input_
    // yet.
    if (handler_ != nullptr || !body_done_ || !send_now(answer_)) return begin_task_request();
    finish_request();
}

/// Answers what is not a request that can be understood, and closes the connection.
void Connection::refuse(const Refusal& refusal) {
    keep_alive_ = client_keeps_alive_ = head_only_ = false;
    Response response = response_of(refusal.status, refusal.detail);
    static_cast<void>(send_now(response));
    if (loop_->application().access_log) log_request();
    close_after_answer();
}

/// The answer has been sent: prepares for the next request.
void Connection::finish_request() {
    if (loop_->application().access_log) log_request();
    handler_ = nullptr;
    piece_.clear();
    // A small answer costs less to overwrite than to destroy.
    if (!answer_.is_small()) answer_ = Response();
    if (out_ == nullptr || closing_) return;
    if (!keep_alive_ || draining_ || !can_skip_body()) return close_after_answer();
    if (!body_done_) {
        skipping_ = parser_->content_length() - body_received_;
        body_done_ = true;
    }
    deadline_ = loop_->after(loop_->limits().idle_time);
}

} // namespace hocket::http::detail
