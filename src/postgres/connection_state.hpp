#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <hocket/postgres/connect_options.hpp>

#include "engine/poller.hpp"
#include "engine/reactor.hpp"
#include "loop/event_loop_state.hpp"
#include "loop/loop_resource.hpp"
#include "postgres/cancel_request.hpp"
#include "postgres/listeners.hpp"
#include "postgres/request.hpp"
#include "postgres/statement_cache.hpp"

namespace hocket::detail::postgres {

/// A connection after it has been made. Requests queue in `unsent_`; at the end of each turn of the
/// loop they go to libpq together, and wait in `sent_` for their replies. Between requests that use
/// libpq by themselves, libpq is in pipeline mode.
class ConnectionState final : public std::enable_shared_from_this<ConnectionState>,
                              public LoopResource,
                              private engine::Watcher,
                              private engine::TurnEnd {
public:
    /// Takes over a libpq connection that is ready.
    static StatePointer adopt(EventLoop& loop, PGconn* connection,
                              const pg::ConnectOptions& options);
    ConnectionState(EventLoop& loop, PGconn* connection, const pg::ConnectOptions& options);
    ~ConnectionState();

    [[nodiscard]] PGconn* libpq() const noexcept { return connection_; }
    [[nodiscard]] EventLoop& loop() const noexcept { return loop_; }
    [[nodiscard]] bool is_closed() const noexcept { return connection_ == nullptr; }
    /// Throws what ended the connection.
    void require_open() const;
    /// Ends it now. Requests fail with `error`.
    void end(std::exception_ptr error) noexcept;
    void drop() noexcept override;

    /// The statement for a query, from the cache if it is there.
    [[nodiscard]] StatementPointer statement(std::string_view sql);
    /// A statement that is not in the cache.
    [[nodiscard]] StatementPointer new_statement(std::string_view sql);
    void clear_statements() noexcept { statements_.clear(); }

    /// Queues a request, to be sent at the end of this turn. Throws if the connection has ended.
    void submit(RequestPointer request);
    /// The same without waiting for the reply. Does nothing if the connection has ended.
    void submit_detached(RequestPointer request) noexcept;
    /// Nobody waits for `request` any more.
    void abandon(const RequestPointer& request) noexcept;

    // ExclusiveUse calls these.
    void end_exclusive() noexcept;
    /// Sends what libpq has buffered; watches for writability if the kernel does not take it all.
    /// Returns whether everything has been sent.
    bool flush() noexcept;
    /// Whether libpq has closed the socket, because sending failed. The connection ends with this
    /// turn.
    [[nodiscard]] bool is_cut_off() const noexcept { return ::PQsocket(connection_) < 0; }

    // Set by TransactionScope.
    int transaction_level = 0;
    std::uint64_t transaction_number = 0; // of the outermost transactions
    std::uint64_t next_cursor = 0;

    Listeners listeners;
    std::function<void(const pg::ErrorFields&)> log_listener;

private:
    enum class Mode : std::uint8_t { pipelined, exclusive, draining };
    struct Sent {
        enum class Kind : std::uint8_t { prepare, describe, command, sync };
        Kind kind;
        RequestPointer request;     // of a command
        StatementPointer statement; // of prepare, of describe, and of the sync after them
    };

    void on_ready(std::uint32_t events) noexcept override;
    void on_turn_end() noexcept override;
    void schedule() noexcept;

    // connection_sending.cpp
    void send_request(const RequestPointer& request);
    void send_prepare(const StatementPointer& statement);
    void send_execution(const RequestPointer& request);
    void send_sync();
    void grant(ExclusiveUse& use) noexcept;

    // connection_receiving.cpp
    void receive() noexcept;
    void read_replies();
    void read_reply(ResultPointer result);
    void end_of_command();
    void on_sync();
    void fail(Request& request, const PGresult* result) noexcept;
    void complete(const RequestPointer& request);
    [[nodiscard]] bool retry(const RequestPointer& request);
    void deliver_notifications();
    void drain() noexcept;
    void enter_pipeline() noexcept;

    // connection_cancelling.cpp
    void cancel_on_server() noexcept;
    void cancel_if_abandoned() noexcept;
    void cancel_again() noexcept;

    EventLoop& loop_;
    engine::Reactor& reactor_;
    PGconn* connection_;
    std::exception_ptr ended_by_;
    Mode mode_ = Mode::pipelined;
    bool has_unsynced_ = false; // commands were sent without a sync after them
    std::deque<RequestPointer> unsent_;
    std::deque<Sent> sent_;
    std::vector<RequestPointer> uncommitted_; // finished, to be completed by the next sync
    ExclusiveUse* exclusive_ = nullptr;
    StatementCache statements_;
    std::uint64_t next_statement_ = 0;
    std::shared_ptr<CancelRequest> cancel_; // in progress
};

} // namespace hocket::detail::postgres
