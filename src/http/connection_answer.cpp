// From responses to bytes.

#include <algorithm>
#include <charconv>

#include <hocket/errors.hpp>
#include <hocket/event_loop.hpp>
#include <hocket/http/status.hpp>
#include <hocket/http/status_error.hpp>

#include "http/connection.hpp"
#include "http/static_entry.hpp"
#include "net/socket_transport.hpp"

namespace hocket::http::detail {

namespace {

// A body below this size is copied behind its head; a larger one is sent from where it is.
constexpr std::size_t largest_copied = 2048;
// Answers that gather before they are given to the transport.
constexpr std::size_t largest_batch = 16 * 1024;
// So much of a file is sent before the connection counts as active again.
constexpr std::uint64_t file_piece = 256 * 1024;
// So much of a body that nobody has read is received to keep the connection open.
constexpr std::uint64_t largest_skipped = 64 * 1024;

} // namespace

Response Connection::response_of(int status, std::string_view detail) {
    std::string text = std::to_string(status) + " " + std::string(reason_phrase(status));
    if (!detail.empty()) text += ": " + std::string(detail);
    return Response::text(text + "\n", status);
}

/// The answer to a request whose handler has thrown `error`.
Response Connection::response_of(const std::exception_ptr& error) {
    try {
        std::rethrow_exception(error);
    } catch (const StatusError& refusal) {
        Response response = response_of(refusal.status(), refusal.what());
        for (const auto [name, value] : refusal.headers()) response.headers.add(name, value);
        return response;
    } catch (...) {
        report("unhandled exception in the HTTP handler", error);
        return response_of(500, {});
    }
}

/// After this response, the connection stays open only if the next request can be found.
void Connection::decide_keep_alive(const Response& response) {
    if (draining_ || eof_) keep_alive_ = false;
    if (const auto wish = response.headers.get("Connection"); wish && *wish == "close") {
        keep_alive_ = false;
    }
    // A body that the handler has not read. (A stream may still read it.)
    if (keep_alive_ && !body_done_ &&
        !std::holds_alternative<AsyncGenerator<std::string>>(response.body_)) {
        discard_received_body();
        keep_alive_ = keep_alive_ && can_skip_body();
    }
}

void Connection::discard_received_body() {
    if (parser_->content_length() > body_limit_) return;
    try {
        parse_body();
    } catch (const StatusError&) {
        keep_alive_ = false;
    }
    piece_.clear();
}

bool Connection::can_skip_body() const noexcept {
    return body_done_ || (!expects_continue_ && !parser_->is_chunked() &&
                          parser_->content_length() - body_received_ <= largest_skipped);
}

void Connection::send_head(const Response& response, BodyFraming framing, std::uint64_t size,
                           std::string_view more_lines) {
    status_ = response.status;
    sent_ = 0;
    decide_keep_alive(response);
    if (framing == BodyFraming::until_end) keep_alive_ = false;
    const bool is_old = request_.minor_version_ == 0;
    const Persistence persistence = !keep_alive_ ? Persistence::closes
                                    : is_old     ? Persistence::stays_open_explicitly
                                                 : Persistence::stays_open;
    std::string& head = loop_->scratch; // empty, or a batch
    append_response_head(head,
                         {.status = response.status,
                          .content_type = response.content_type_,
                          .more_lines = more_lines,
                          .framing = framing,
                          .size = size,
                          .persistence = persistence},
                         response.headers, loop_->date_line());
}

/// Sends what is in the loop's scratch, where heads are made.
void Connection::flush_batch() {
    std::string& batch = loop_->scratch;
    if (batch.empty()) return;
    if (out_ != nullptr) out_->write(batch);
    batch.clear();
}

/// Sends the body behind its head.
void Connection::send_with_body(std::string_view body) {
    if (head_only_) body = {};
    sent_ = body.size();
    if (body.size() <= largest_copied) {
        std::string& batch = loop_->scratch;
        batch += body;
        if (!batching_ || batch.size() > largest_batch) flush_batch();
    } else {
        flush_batch();
        out_->write(body);
    }
}

/// Sends a response whose body is in memory. Returns false for the others.
bool Connection::send_now(Response& response) {
    if (out_ == nullptr) return true;
    if (const auto* text = std::get_if<std::string>(&response.body_)) {
        const bool can_have_body = has_body(response.status);
        send_head(response, can_have_body ? BodyFraming::sized : BodyFraming::none, text->size(),
                  {});
        send_with_body(can_have_body ? std::string_view(*text) : std::string_view());
        return true;
    }
    if (const auto* entry = std::get_if<Response::Shared>(&response.body_)) {
        send_head(response, BodyFraming::sized, (*entry)->body.size(), (*entry)->lines);
        send_with_body((*entry)->body);
        return true;
    }
    return false;
}

Coro<> Connection::send(Response& response) {
    if (std::holds_alternative<AsyncGenerator<std::string>>(response.body_)) {
        return send_pieces(response);
    }
    if (std::holds_alternative<FileBody>(response.body_)) return send_file(response);
    return run_upgrade(response);
}

Coro<> Connection::wait_until_writable() {
    while (writing_paused_ && out_ != nullptr) {
        Wait wait(*this, "an HTTP client that takes its response");
        co_await wait;
    }
}

Coro<> Connection::send_pieces(Response& response) {
    auto& pieces = std::get<AsyncGenerator<std::string>>(response.body_);
    std::optional<std::uint64_t> announced;
    if (const auto length = response.headers.get("Content-Length")) {
        std::uint64_t size = 0;
        std::from_chars(length->data(), length->data() + length->size(), size);
        announced = size;
    }
    const BodyFraming framing = !has_body(response.status)    ? BodyFraming::none
                                : announced                   ? BodyFraming::sized
                                : request_.minor_version_ > 0 ? BodyFraming::chunked
                                                              : BodyFraming::until_end;
    send_head(response, framing, announced.value_or(0), {});
    flush_batch();
    if (head_only_ || framing == BodyFraming::none) co_return;

    std::exception_ptr error;
    try {
        while (auto piece = co_await pieces.next()) {
            if (out_ == nullptr) co_return;
            if (piece->empty()) continue;
            sent_ += piece->size();
            if (announced && sent_ > *announced) break;
            write_piece(*piece, framing);
            co_await wait_until_writable();
        }
    } catch (const CancelledError&) {
        throw;
    } catch (...) {
        error = std::current_exception();
    }
    if (out_ == nullptr) co_return;
    if (!error && announced && sent_ != *announced) {
        error = std::make_exception_ptr(ValueError(
            "the response's pieces have " + std::string(sent_ > *announced ? "more" : "fewer") +
            " bytes than its Content-Length, " + std::to_string(*announced)));
    }
    if (error) {
        report("unhandled exception in the body of the HTTP response", error);
        abort(); // the client must not take the body for complete
        co_return;
    }
    if (framing == BodyFraming::chunked) write_trailers(response);
}

void Connection::write_piece(std::string_view piece, BodyFraming framing) {
    if (framing != BodyFraming::chunked) return out_->write(piece);
    append_number(loop_->scratch, piece.size(), 16);
    loop_->scratch += "\r\n";
    flush_batch();
    out_->write(piece);
    out_->write("\r\n");
}

void Connection::write_trailers(const Response& response) {
    std::string end = "0\r\n";
    if (response.trailers) {
        for (const auto [name, value] : response.trailers()) {
            end.append(name).append(": ").append(value).append("\r\n");
        }
    }
    out_->write(end += "\r\n");
}

Coro<> Connection::send_file(Response& response) {
    const FileBody& body = std::get<FileBody>(response.body_);
    send_head(response, BodyFraming::sized, body.size, {});
    flush_batch();
    if (head_only_) co_return;
    while (sent_ < body.size && out_ != nullptr) {
        // The queue is empty meanwhile, so on_tick sees no progress there.
        deadline_ = loop_->after(loop_->limits().write_time);
        const SendfileOptions part{
            .offset = static_cast<std::int64_t>(body.offset + sent_),
            .count = static_cast<std::int64_t>(std::min(file_piece, body.size - sent_))};
        std::uint64_t count = 0;
        try {
            count = co_await loop_->loop().sendfile(*out_, body.file.fileno(), part);
        } catch (const std::system_error&) {
            // The client is gone, or the file cannot be read.
        }
        deadline_ = 0;
        if (count == 0) {
            // The client must not take the body for complete.
            abort();
            co_return;
        }
        sent_ += count;
    }
}

Coro<> Connection::run_upgrade(Response& response) {
    const Response::Upgrade run = std::get<Response::Upgrade>(response.body_);
    std::string head = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n";
    for (const auto [name, value] : response.headers) {
        head.append(name).append(": ").append(value).append("\r\n");
    }
    out_->write(head += "\r\n");
    status_ = 101;
    loop_->remove(*this);
    upgraded_ = closing_ = true;
    keep_alive_ = false;
    deadline_ = 0;
    auto& transport = static_cast<hocket::detail::SocketTransport&>(*out_);
    Upgraded upgraded{transport.shared_from_this(), std::string(input_.bytes())};
    input_.drop(input_.size());
    const auto kept = upgraded.transport;
    if (std::exchange(reading_paused_, false)) kept->resume_reading();
    std::exception_ptr error;
    try {
        co_await run(std::move(upgraded));
    } catch (const CancelledError&) {
        kept->abort();
        throw;
    } catch (...) {
        error = std::current_exception();
    }
    if (error) report("unhandled exception in the handler of the upgraded connection", error);
    kept->close();
}

void Connection::log_request() {
    const auto took = std::chrono::steady_clock::now() - began_;
    AccessRecord record;
    record.peer = peername();
    record.when = std::chrono::system_clock::now();
    record.method = request_.method();
    record.target = request_.target();
    record.minor_version = request_.minor_version();
    record.status = status_;
    record.body_bytes = sent_;
    record.duration = took;
    record.referer = request_.headers().get("Referer", {});
    record.user_agent = request_.headers().get("User-Agent", {});
    try {
        loop_->application().access_log(record);
    } catch (...) {
        report("unhandled exception in the access log", std::current_exception());
    }
}

} // namespace hocket::http::detail
