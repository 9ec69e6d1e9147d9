#include "postgres/connection_state.hpp"

#include <utility>

#include "postgres/errors.hpp"
#include "postgres/exclusive_use.hpp"

namespace hocket::detail::postgres {

namespace {

void receive_notice(void* state, const PGresult* result) {
    const auto& listener = static_cast<ConnectionState*>(state)->log_listener;
    if (!listener) {
        return;
    }
    try { // libpq is C
        listener(fields_of(result));
    } catch (...) {
        static_cast<ConnectionState*>(state)->loop().call_exception_handler(
            {"a PostgreSQL log listener failed", std::current_exception(), {}, {}});
    }
}

} // namespace

StatePointer ConnectionState::adopt(EventLoop& loop, PGconn* connection,
                                    const pg::ConnectOptions& options) {
    auto state = std::make_shared<ConnectionState>(loop, connection, options);
    ::PQsetNoticeReceiver(connection, receive_notice, state.get());
    ::PQsetnonblocking(connection, 1);
    ::PQenterPipelineMode(connection);
    if (const auto error = state->reactor_.poller().add(*state, ::PQsocket(connection), readable)) {
        throw std::system_error(error, "watch the socket of a PostgreSQL connection");
    }
    return state;
}

ConnectionState::ConnectionState(EventLoop& loop, PGconn* connection,
                                 const pg::ConnectOptions& options)
    : loop_(loop),
      reactor_(reactor_of(loop)),
      connection_(connection),
      statements_(options.statement_cache_size) {
    enter_loop(loop.state().network, nullptr);
}

ConnectionState::~ConnectionState() {
    if (!is_closed()) {
        drop();
    }
}

void ConnectionState::require_open() const {
    if (is_closed()) {
        std::rethrow_exception(ended_by_);
    }
}

void ConnectionState::drop() noexcept {
    if (cancel_) {
        cancel_->forget();
        cancel_.reset();
    }
    reactor_.cancel_turn_end(*this);
    reactor_.poller().remove(*this); // before libpq closes the descriptor
    ::PQfinish(std::exchange(connection_, nullptr));
    static_cast<void>(leave_loop());
    if (!ended_by_) {
        ended_by_ = connection_lost("the connection is closed");
    }
}

void ConnectionState::end(std::exception_ptr error) noexcept {
    if (is_closed()) {
        return;
    }
    const auto keep_alive = weak_from_this().lock();
    ended_by_ = error;
    drop();
    const auto finish = [&](const RequestPointer& request) {
        if (request->use != nullptr) {
            request->use->on_end(error);
        }
        if (ReplySink* const sink = std::exchange(request->sink, nullptr)) {
            request->error = error;
            sink->on_reply();
        }
    };
    for (const Sent& sent : std::exchange(sent_, {})) {
        if (sent.request) {
            finish(sent.request);
        }
        if (sent.statement) {
            for (const auto& request : std::exchange(sent.statement->waiting, {})) {
                finish(request);
            }
        }
    }
    for (const auto& request : std::exchange(uncommitted_, {})) {
        finish(request);
    }
    for (const auto& request : std::exchange(unsent_, {})) {
        finish(request);
    }
    if (ExclusiveUse* const use = std::exchange(exclusive_, nullptr)) {
        use->on_end(error);
    }
    statements_.clear();
    listeners.end();
}

StatementPointer ConnectionState::statement(std::string_view sql) {
    StatementPointer found = statements_.find(sql);
    if (!found) {
        found = new_statement(sql);
        statements_.add(found);
    }
    return found;
}

StatementPointer ConnectionState::new_statement(std::string_view sql) {
    return std::make_shared<Statement>(weak_from_this(), std::string(sql));
}

void ConnectionState::submit(RequestPointer request) {
    require_open();
    request->in_transaction = transaction_level > 0;
    unsent_.push_back(std::move(request));
    schedule();
}

void ConnectionState::submit_detached(RequestPointer request) noexcept {
    if (!is_closed()) {
        unsent_.push_back(std::move(request));
        schedule();
    }
}

void ConnectionState::schedule() noexcept { reactor_.at_turn_end(*this); }

Statement::~Statement() {
    const auto owner = owner_.lock();
    if (owner && stage == Stage::ready) {
        owner->submit_detached(make_command("DEALLOCATE " + name, true));
    }
}

} // namespace hocket::detail::postgres
