#pragma once

#include <chrono>
#include <coroutine>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <hocket/detail/loop/task_base.hpp>
#include <hocket/engine/intrusive_list.hpp>
#include <hocket/engine/operation.hpp>
#include <hocket/http/request.hpp>
#include <hocket/http/response.hpp>
#include <hocket/task.hpp>

#include "http/application.hpp"
#include "http/receive_buffer.hpp"
#include "http/request_parser.hpp"
#include "http/response_head.hpp"
#include "http/route_table.hpp"
#include "net/graceful_protocol.hpp"
#include "net/server_state.hpp"

namespace hocket::http::detail {

/// One client's connection. Requests without a body whose handlers answer at once are answered in
/// the callback that delivers them. For all others the connection has a task, which is created with
/// the first such request and waits between requests.
class Connection final : public hocket::detail::GracefulProtocol,
                         public engine::ListLink,
                         public std::enable_shared_from_this<Connection> {
public:
    Connection(std::shared_ptr<LoopState> loop,
               std::shared_ptr<hocket::detail::ServerState> server);
    ~Connection() override;

    // Called by the transport.
    void connection_made(Transport& transport) override;
    void data_received(std::string_view data) override;
    bool eof_received() override;
    void connection_lost(std::exception_ptr error) override;
    void pause_writing() override;
    void resume_writing() override;
    void finish() noexcept override;

    void on_tick();

    [[nodiscard]] static LoopState& loop_of(const Request& request) noexcept {
        return *request.connection_->loop_;
    }

    // For Request and RequestBody.
    [[nodiscard]] SocketAddress peername() const;
    [[nodiscard]] SSLObject ssl_object() const;
    Coro<std::string> read_body();
    Coro<std::string> read_some_body();
    [[nodiscard]] std::optional<std::uint64_t> body_length() const noexcept;
    [[nodiscard]] bool is_body_done() const noexcept { return body_done_ && piece_.empty(); }
    void set_body_limit(std::uint64_t bytes) noexcept { body_limit_ = bytes; }

private:
    class Wait;
    class TaskEnd;

    // connection_requests.cpp: from bytes to requests.
    std::size_t answer_requests(std::string_view bytes);
    [[nodiscard]] std::size_t begin_request(std::string_view bytes);
    [[nodiscard]] HeadEnd parse_head(std::string_view bytes);
    void answer_buffered();
    void skip_body(std::string_view& bytes) noexcept;
    void forget_request();
    void dispatch(RouteMatch match);
    void refuse(const Refusal& refusal);
    void throttle_reading() noexcept;

    // connection.cpp: the connection and its task.
    static Coro<> run(TaskEnd end);
    void begin_task_request();
    [[nodiscard]] bool needs_handler();
    void wake() noexcept;
    void finish_request();
    void close_after_answer();
    void close_when_idle();
    void abort() noexcept;
    void report(const char* what, const std::exception_ptr& error) noexcept;
    [[nodiscard]] bool is_idle() const noexcept;
    /// Whether the first half of an empty line is all that has come since the last request.
    [[nodiscard]] bool is_empty_line_begun() const noexcept {
        return !head_began_ && input_.bytes() == "\r";
    }
    [[nodiscard]] bool can_answer() const noexcept {
        return !busy_ && !closing_ && !writing_paused_;
    }

    // connection_body.cpp
    void parse_body();
    [[noreturn]] void fail_body(const Refusal& refusal);
    [[nodiscard]] bool is_body_too_slow() const noexcept;

    // connection_answer.cpp: from responses to bytes.
    [[nodiscard]] Response response_of(const std::exception_ptr& error);
    [[nodiscard]] static Response response_of(int status, std::string_view detail);
    [[nodiscard]] bool send_now(Response& response);
    Coro<> send(Response& response);
    Coro<> send_pieces(Response& response);
    Coro<> send_file(Response& response);
    Coro<> run_upgrade(Response& response);
    Coro<> wait_until_writable();
    void send_head(const Response& response, BodyFraming framing, std::uint64_t size,
                   std::string_view more_lines);
    void send_with_body(std::string_view body);
    void flush_batch();
    void write_piece(std::string_view piece, BodyFraming framing);
    void write_trailers(const Response& response);
    void discard_received_body();
    [[nodiscard]] bool can_skip_body() const noexcept;
    void decide_keep_alive(const Response& response);
    void log_request();

    std::shared_ptr<LoopState> loop_;
    std::shared_ptr<hocket::detail::ServerState> server_;
    Transport* out_ = nullptr; // until the connection is lost
    Request request_;
    std::optional<RequestParser> parser_;
    ReceiveBuffer input_; // received, not used yet
    std::string piece_;   // of the body, for the handler
    Response answer_;     // made at once, but not sent at once
    Task<> task_;
    Wait* waiting_ = nullptr;

    Handler* handler_ = nullptr; // of the request; nullptr: answer_ is the answer
    std::uint64_t body_limit_ = 0;
    std::uint64_t body_received_ = 0;
    std::uint64_t skipping_ = 0;         // bytes of the last request's body that nobody reads
    std::size_t scanned_ = 0;            // of the head that is being received
    std::uint64_t sent_ = 0;             // bytes of the body
    std::size_t unsent_ = 0;             // bytes in the transport's queue at the last tick
    LoopState::Tick deadline_ = 0;       // 0: none
    LoopState::Tick write_deadline_ = 0; // 0: none
    LoopState::Tick body_ticks_ = 0;     // that the handler has waited for the body
    std::chrono::steady_clock::time_point began_; // the request; with an access log only
    int status_ = 0;

    bool busy_ = false;               // the task has a request
    bool batching_ = false;           // answers gather in the loop's scratch
    bool keep_alive_ = false;         // after this request
    bool client_keeps_alive_ = false; // the client does not close after this request
    bool head_only_ = false;          // HEAD
    bool expects_continue_ = false;
    bool body_done_ = true;
    bool asked_now_ = false; // the handler cannot answer at once
    bool waits_for_body_ = false;
    bool head_began_ = false; // a part of the next head was received
    bool closing_ = false;    // nothing more is answered
    bool discarding_ = false; // what is received from now on is thrown away
    bool draining_ = false;
    bool eof_ = false;
    bool lost_ = false;
    bool writing_paused_ = false;
    bool reading_paused_ = false;
    bool upgraded_ = false;
};

/// Aborts the connection if its task ends before it has answered: it may be cancelled before it has
/// begun.
class Connection::TaskEnd {
public:
    explicit TaskEnd(std::shared_ptr<Connection> connection) noexcept
        : connection_(std::move(connection)) {}
    TaskEnd(TaskEnd&&) noexcept = default;
    ~TaskEnd() {
        if (connection_ && !is_expected_) connection_->abort();
    }

    [[nodiscard]] Connection& connection() const noexcept { return *connection_; }
    void expect() noexcept { is_expected_ = true; }

private:
    std::shared_ptr<Connection> connection_;
    bool is_expected_ = false;
};

/// Waits until the connection's state changes, and throws CancelledError if the task is cancelled.
class Connection::Wait final : public engine::Operation {
public:
    using hocket_awaitable = void;
    using value_type = void;

    Wait(Connection& connection, const char* what) noexcept
        : connection_(&connection), what_(what) {}
    ~Wait() {
        if (connection_->waiting_ == this) connection_->waiting_ = nullptr;
    }

    /// Throws RuntimeError if another task waits for the connection.
    bool await_ready() const;
    template <class P> void await_suspend(std::coroutine_handle<P> caller) noexcept {
        task_ = caller.promise().task;
        connection_->waiting_ = this;
        task_->suspend(caller.promise(), *this);
    }
    void await_resume() const { task_->throw_if_cancelled(); }

    bool cancel(std::string_view message) noexcept override;
    [[nodiscard]] engine::WaitReason reason() const noexcept override { return {.what = what_}; }
    void wake() noexcept { task_->wake(); }

private:
    Connection* connection_;
    const char* what_;
    hocket::detail::TaskBase* task_ = nullptr;
};

} // namespace hocket::http::detail
