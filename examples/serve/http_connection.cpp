#include "serve/http_connection.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>
#include <system_error>

#include "serve/file.hpp"
#include "web/http_date.hpp"
#include "web/http_status.hpp"

namespace serve {
namespace {

using namespace std::chrono_literals;
using hocket::Coro;

// So much of a large file is sent before the connection counts as active again.
constexpr std::int64_t large_file_piece = 256 * 1024;

bool is_method_we_know(std::string_view method) {
    static constexpr auto known = std::to_array<std::string_view>(
        {"POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "CONNECT"});
    return std::find(known.begin(), known.end(), method) != known.end();
}

} // namespace

Coro<> HttpConnection::run() {
    task_ = hocket::current_task();
    last_active_ = server_.clock.seconds;
    try {
        std::optional<web::HttpError> refusal;
        try {
            co_await answer_requests();
        } catch (const web::HttpError& error) {
            refusal = error;
        }
        if (refusal) {
            open_ = false;
            head_only_ = false;
            send_error(refusal->status(), refusal->what());
        }
        co_await close_gently();
    } catch (const std::system_error&) {
        // The client went away in the middle: there is nobody left to tell.
    }
}

Coro<> HttpConnection::answer_requests() {
    while (open_) {
        while (!parser_.parse(buffer_.bytes())) {
            idle_ = buffer_.empty();
            if (!idle_ && head_began_ == 0) head_began_ = server_.clock.seconds;
            if (idle_ && server_.stopping) co_return;
            const std::size_t size = co_await reader_.read_into(buffer_.free_space());
            if (size == 0) co_return;
            buffer_.filled(size);
            last_active_ = server_.clock.seconds;
        }
        idle_ = false;
        head_began_ = 0;
        if (server_.options.delay > 0ms) co_await hocket::sleep(server_.options.delay);

        if (const CachedResponse* response = ready_response()) {
            writer_.write(response->bytes);
        } else {
            co_await answer();
        }
        buffer_.drop(parser_.head_size());
        co_await writer_.drain();
    }
}

/// The whole answer when it is kept ready and nothing about the request is unusual: the path that
/// nearly all requests take.
const CachedResponse* HttpConnection::ready_response() {
    const web::Request& request = parser_.request();
    if (request.method != "GET" || after_response() != Connection::stays_open) return nullptr;
    const CachedResponse* response = server_.cache.find(request.target);
    if (!response || is_unmodified(response->version)) return nullptr;
    return response;
}

Connection HttpConnection::after_response() const {
    const web::Request& request = parser_.request();
    // A body is never read: nothing we serve wants one, and what is not read cannot be skipped.
    if (!open_ || server_.stopping || !request.keep_alive || request.has_body())
        return Connection::closes;
    return request.minor_version == 0 ? Connection::stays_open_explicitly : Connection::stays_open;
}

bool HttpConnection::is_unmodified(const FileVersion& version) const {
    const auto since = web::find_field(parser_.request().fields, "if-modified-since");
    if (!since) return false;
    const auto date = web::parse_http_date(*since);
    return date && version.modified() <= *date;
}

Coro<> HttpConnection::answer() {
    const web::Request& request = parser_.request();
    open_ = after_response() != Connection::closes;
    head_only_ = request.method == "HEAD";
    if (request.method != "GET" && !head_only_) {
        const bool known = is_method_we_know(request.method);
        send_error(known ? 405 : 501, "GET and HEAD are what this server answers");
        co_return;
    }
    const FileLookup file = look_up(server_.options.directory, request.target);
    if (file.status == 200) {
        co_await answer_with_file(file);
    } else if (file.status == 301) {
        send(ResponseHead(301)
                 .date(server_.clock.date)
                 .field("Location", file.location)
                 .length(0)
                 .connection(after_response())
                 .finish(),
             {});
    } else {
        send_error(file.status, file.status == 404   ? "there is no such file"
                                : file.status == 403 ? "this may not be read"
                                                     : "the path is not valid");
    }
}

Coro<> HttpConnection::answer_with_file(const FileLookup& file) {
    if (is_unmodified(file.version)) {
        send(ResponseHead(304)
                 .date(server_.clock.date)
                 .field("Last-Modified", web::format_http_date(file.version.modified()))
                 .connection(after_response())
                 .finish(),
             {});
        co_return;
    }
    if (file.version.size > ResponseCache::max_file) {
        co_await send_large_file(file);
        co_return;
    }
    const CachedResponse* response = server_.cache.find(parser_.request().target);
    if (!response) {
        // A small file comes out of the page cache faster than a thread could be woken for it.
        const auto body = File(file.path).read(0, file.version.size);
        if (!body || body->size() != file.version.size) {
            send_error(403, "this may not be read");
            co_return;
        }
        response = &server_.cache.store(parser_.request().target, file, *body);
    }
    std::string head(response->head());
    if (const Connection after = after_response(); after != Connection::stays_open) {
        head.resize(head.size() - 2);
        head += after == Connection::closes ? "Connection: close\r\n\r\n"
                                            : "Connection: keep-alive\r\n\r\n";
    }
    send(std::move(head), response->body());
}

Coro<> HttpConnection::send_large_file(const FileLookup& file) {
    const File opened(file.path);
    if (!opened.is_open()) {
        send_error(403, "this may not be read");
        co_return;
    }
    send(ResponseHead(200)
             .date(server_.clock.date)
             .file(file.path, file.version)
             .length(file.version.size)
             .connection(after_response())
             .finish(),
         {});
    if (head_only_) co_return;
    const auto size = static_cast<std::int64_t>(file.version.size);
    for (std::int64_t sent = 0; sent < size;) {
        const auto piece = co_await writer_.sendfile(
            opened, {.offset = sent, .count = std::min(large_file_piece, size - sent)});
        if (piece == 0) {
            // The file has become shorter than we promised: only a cut connection says so.
            open_ = false;
            co_return;
        }
        sent += static_cast<std::int64_t>(piece);
        last_active_ = server_.clock.seconds;
    }
}

void HttpConnection::send_error(int status, std::string_view message) {
    std::string body = web::status_text(status) + ": " + std::string(message) + "\n";
    ResponseHead head(status);
    head.date(server_.clock.date).field("Content-Type", "text/plain; charset=utf-8");
    if (status == 405) head.field("Allow", "GET, HEAD");
    send(head.length(body.size()).connection(after_response()).finish(), body);
}

/// Head and body in one write; a HEAD request gets the head alone.
void HttpConnection::send(std::string head, std::string_view body) {
    if (!head_only_) head += body;
    writer_.write(head);
}

/// Says that we are done, and waits until the client is.
Coro<> HttpConnection::part() {
    if (!writer_.can_write_eof()) { // TLS: one side's goodbye ends both
        writer_.close();
        co_await writer_.wait_closed();
        co_return;
    }
    writer_.write_eof();
    std::size_t size = 0;
    do {
        buffer_.drop(buffer_.bytes().size());
        size = co_await reader_.read_into(buffer_.free_space());
    } while (size > 0);
}

/// Says that we are done and waits a moment for the client to be done too. A socket closed with
/// unread bytes in it is reset, and the reset may overtake our last answer.
Coro<> HttpConnection::close_gently() {
    if (!open_) {
        co_await writer_.drain();
        try {
            co_await hocket::wait_for(part(), 1s);
        } catch (const hocket::TimeoutError&) {
        }
    }
    writer_.close();
}

} // namespace serve
