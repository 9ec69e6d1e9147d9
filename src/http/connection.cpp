#include "http/connection.hpp"

#include <algorithm>
#include <utility>

#include <hocket/errors.hpp>

#include "loop/report.hpp"
#include "net/socket_transport.hpp"

namespace hocket::http::detail {

using namespace std::chrono_literals;

namespace {

// How long the client may take to notice that the connection is closed: a socket that is closed
// with unread bytes in it is reset, and the reset may overtake the last answer.
constexpr auto linger_time = 2s;

} // namespace

Connection::Connection(std::shared_ptr<LoopState> loop,
                       std::shared_ptr<hocket::detail::ServerState> server)
    : loop_(std::move(loop)), server_(std::move(server)), request_(*this) {}

Connection::~Connection() {
    if (is_linked()) loop_->remove(*this);
}

void Connection::connection_made(Transport& transport) {
    out_ = &transport;
    loop_->add(*this);
    deadline_ = loop_->after(loop_->limits().idle_time);
}

void Connection::connection_lost(std::exception_ptr) {
    lost_ = closing_ = true;
    out_ = nullptr;
    if (is_linked()) loop_->remove(*this);
    if (busy_) {
        task_.cancel();
    } else {
        wake();
    }
}

bool Connection::eof_received() {
    eof_ = true;
    if (discarding_) {
        out_->close();
    } else if (busy_) {
        wake(); // it may wait for the body
    } else if (head_began_ && can_answer()) {
        forget_request();
        refuse({400, "the request ended early"});
    } else {
        close_when_idle();
    }
    return true;
}

void Connection::pause_writing() { writing_paused_ = true; }

void Connection::resume_writing() {
    writing_paused_ = false;
    if (busy_) {
        wake();
    } else {
        answer_buffered();
    }
}

void Connection::finish() noexcept {
    draining_ = true;
    close_when_idle();
}

bool Connection::is_idle() const noexcept {
    const bool is_complete = (skipping_ == 0 || eof_) && (input_.empty() || is_empty_line_begun());
    return !busy_ && !closing_ && !head_began_ && is_complete;
}

void Connection::close_when_idle() {
    if ((draining_ || eof_) && is_idle() && out_ != nullptr) {
        closing_ = true;
        out_->close();
    }
}

void Connection::abort() noexcept {
    closing_ = true;
    if (out_ != nullptr) out_->abort();
}

void Connection::report(const char* what, const std::exception_ptr& error) noexcept {
    try {
        const std::string message = std::string(what) + " for " + std::string(request_.method()) +
                                    " " + std::string(request_.target());
        hocket::detail::report_exception(loop_->loop().core(), message, error);
    } catch (const std::bad_alloc&) {
        hocket::detail::report_exception(loop_->loop().core(), what, error);
    }
}

// Stops taking requests. The client sees the end of the stream after the last answer.
void Connection::close_after_answer() {
    closing_ = true;
    flush_batch();
    if (out_ == nullptr) return;
    const bool may_send_more = !eof_ && (!body_done_ || !input_.empty() || skipping_ != 0 ||
                                         status_ >= 400 || draining_ || client_keeps_alive_);
    if (!may_send_more || !out_->can_write_eof()) { // TLS: one side's end is that of both
        out_->close();
        return;
    }
    discarding_ = true;
    input_.drop(input_.size());
    deadline_ = loop_->after(linger_time);
    out_->write_eof();
    if (std::exchange(reading_paused_, false)) out_->resume_reading();
}

void Connection::on_tick() {
    if (out_ == nullptr) return;
    const LoopState::Tick now = loop_->tick();
    if (waits_for_body_) {
        ++body_ticks_;
        if (is_body_too_slow()) wake();
    }
    // Bytes that wait to be sent, and the client takes none.
    const std::size_t unsent = out_->get_write_buffer_size();
    if (unsent == 0) {
        write_deadline_ = 0;
    } else if (unsent != unsent_ || write_deadline_ == 0) {
        write_deadline_ = loop_->after(loop_->limits().write_time);
    }
    unsent_ = unsent;
    if (write_deadline_ != 0 && now >= write_deadline_) return abort();
    if (deadline_ == 0 || now < deadline_) return;
    if (closing_ || busy_) return abort();
    if (head_began_) {
        forget_request();
        return refuse({408, "the request took too long"});
    }
    closing_ = true;
    out_->close();
}

SocketAddress Connection::peername() const {
    return out_ != nullptr ? out_->peername() : SocketAddress();
}

SSLObject Connection::ssl_object() const {
    return out_ != nullptr ? out_->ssl_object() : SSLObject();
}

// --- the task -----------------------------------------------------------------------------------

bool Connection::Wait::await_ready() const {
    if (connection_->waiting_ != nullptr) {
        throw RuntimeError("another task already waits for this HTTP connection");
    }
    return false;
}

bool Connection::Wait::cancel(std::string_view) noexcept {
    if (connection_->waiting_ != this) return false;
    connection_->waiting_ = nullptr;
    task_->interrupt();
    return true;
}

void Connection::wake() noexcept {
    if (Wait* const wait = std::exchange(waiting_, nullptr)) wait->wake();
}

void Connection::begin_task_request() {
    busy_ = true;
    deadline_ = 0;
    if (!task_) {
        task_ = loop_->loop().create_task(run(TaskEnd(shared_from_this())));
    } else {
        wake();
    }
}

Coro<> Connection::run(TaskEnd end) {
    Connection& connection = end.connection();
    const hocket::detail::RunningHandler listed(*connection.server_);
    for (;;) {
        while (!connection.busy_) {
            if (connection.lost_ || connection.upgraded_) {
                end.expect();
                co_return;
            }
            Wait wait(connection, "an HTTP request");
            co_await wait;
        }
        std::exception_ptr error;
        try {
            if (connection.needs_handler()) {
                connection.answer_ = co_await connection.handler_->answer(connection.request_);
            }
        } catch (const CancelledError&) {
            throw;
        } catch (...) {
            error = std::current_exception();
        }
        if (error) connection.answer_ = connection.response_of(error);
        if (!connection.send_now(connection.answer_)) {
            co_await connection.send(connection.answer_);
        }
        connection.busy_ = false;
        connection.finish_request();
        connection.answer_buffered();
    }
}

/// Whether the task's request has not been answered by a handler that does not wait.
bool Connection::needs_handler() {
    return handler_ != nullptr && (asked_now_ || !handler_->answer_now(request_, answer_));
}

} // namespace hocket::http::detail
