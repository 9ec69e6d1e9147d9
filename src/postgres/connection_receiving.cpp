#include <algorithm>
#include <memory>
#include <utility>

#include <openssl/ssl.h>

#include "postgres/connection_state.hpp"
#include "postgres/errors.hpp"
#include "postgres/exclusive_use.hpp"

namespace hocket::detail::postgres {

namespace {

/// Takes all that has arrived. Returns false if the connection is lost.
bool consume_input(PGconn* connection) noexcept {
    bool is_open = ::PQconsumeInput(connection) != 0;
    // With a full buffer, libpq takes a part of a TLS record only. OpenSSL has the rest, for which
    // the socket does not become readable.
    auto* const tls = static_cast<const SSL*>(::PQsslStruct(connection, "OpenSSL"));
    while (is_open && tls != nullptr && ::SSL_pending(tls) > 0) {
        is_open = ::PQconsumeInput(connection) != 0;
    }
    return is_open;
}

} // namespace

void ConnectionState::on_ready(std::uint32_t events) noexcept {
    const auto keep_alive = weak_from_this().lock();
    if ((events & EPOLLOUT) != 0) {
        static_cast<void>(flush());
    }
    receive();
}

void ConnectionState::receive() noexcept {
    const bool is_lost = !consume_input(connection_);
    // What arrived before the end counts.
    switch (mode_) {
    case Mode::pipelined: read_replies(); break;
    case Mode::exclusive:
        if (exclusive_ != nullptr) {
            exclusive_->on_ready();
        }
        break;
    case Mode::draining: drain(); break;
    }
    if (!is_closed()) {
        deliver_notifications();
    }
    if (!is_closed() && (is_lost || ::PQstatus(connection_) == CONNECTION_BAD)) {
        end(connection_lost(::PQerrorMessage(connection_)));
    }
}

void ConnectionState::read_replies() {
    int empty_replies = 0;
    while (!is_closed() && !sent_.empty() && ::PQisBusy(connection_) == 0) {
        ResultPointer result(::PQgetResult(connection_));
        if (result) {
            empty_replies = 0;
            read_reply(std::move(result));
        } else if (sent_.front().kind == Sent::Kind::sync) {
            // libpq goes to the next command with each call; a sync has a result, so it is near.
            if (++empty_replies > 1) {
                return;
            }
        } else {
            end_of_command();
        }
    }
    if (!is_closed()) {
        cancel_if_abandoned();
        if (!unsent_.empty()) {
            schedule();
        }
    }
}

void ConnectionState::read_reply(ResultPointer result) {
    const ExecStatusType status = ::PQresultStatus(result.get());
    if (status == PGRES_PIPELINE_SYNC) {
        on_sync();
        return;
    }
    const Sent& sent = sent_.front();
    const bool is_error = status == PGRES_FATAL_ERROR || status == PGRES_PIPELINE_ABORTED ||
                          status == PGRES_BAD_RESPONSE;
    if (status == PGRES_COPY_IN || status == PGRES_COPY_OUT) {
        end(std::make_exception_ptr(
            pg::InterfaceError("COPY was run as a query; use copy_to_table, copy_from_table or "
                               "copy_from_query. The connection is closed")));
        return;
    }
    switch (sent.kind) {
    case Sent::Kind::prepare:
    case Sent::Kind::describe:
        if (is_error) {
            if (!sent.statement->error) {
                sent.statement->error = error_of(result.get(), sent.statement->sql);
            }
        } else if (sent.kind == Sent::Kind::describe) {
            auto& types = sent.statement->parameter_types;
            types.resize(static_cast<std::size_t>(::PQnparams(result.get())));
            for (std::size_t i = 0; i < types.size(); ++i) {
                types[i] = ::PQparamtype(result.get(), static_cast<int>(i));
            }
        }
        break;
    case Sent::Kind::command:
        if (is_error) {
            fail(*sent.request, result.get());
        } else {
            sent.request->result = std::move(result);
        }
        break;
    case Sent::Kind::sync: // the commit failed: a deferred constraint, a serialization failure
        for (const auto& request : uncommitted_) {
            fail(*request, result.get());
        }
        break;
    }
}

void ConnectionState::fail(Request& request, const PGresult* result) noexcept {
    if (request.error) {
        return;
    }
    if (::PQresultStatus(result) == PGRES_PIPELINE_ABORTED) {
        pg::ErrorFields fields;
        fields.severity = "ERROR";
        fields.sqlstate = "25P02";
        fields.message = "the command was not executed, because one before it in the transaction "
                         "failed";
        fields.query = request.statement ? request.statement->sql : request.sql;
        request.error = make_error(std::move(fields));
        return;
    }
    request.error = error_of(result, request.statement ? request.statement->sql : request.sql);
    try {
        std::rethrow_exception(request.error);
    } catch (const pg::InvalidCachedStatementError&) {
        request.is_stale = request.statement != nullptr;
    } catch (const pg::QueryCanceledError&) {
        request.is_cancelled_here = request.at_risk;
    } catch (...) {
    }
}

void ConnectionState::end_of_command() {
    const Sent sent = std::move(sent_.front());
    sent_.pop_front();
    if (!sent.request || --sent.request->unfinished > 0) {
        return;
    }
    // The summary arrives before the commit. In a transaction, nothing is committed yet anyway.
    if (sent.request->in_transaction && !sent.request->must_run) {
        complete(sent.request);
    } else {
        uncommitted_.push_back(sent.request);
    }
}

void ConnectionState::on_sync() {
    const Sent sync = std::move(sent_.front());
    sent_.pop_front();
    for (const auto& request : std::exchange(uncommitted_, {})) {
        complete(request);
    }
    if (!sync.statement) {
        return;
    }
    Statement& statement = *sync.statement;
    auto waiting = std::exchange(statement.waiting, {});
    if (!statement.error) {
        statement.stage = Statement::Stage::ready;
        unsent_.insert(unsent_.begin(), waiting.begin(), waiting.end());
        return;
    }
    statement.stage = Statement::Stage::unprepared;
    for (const auto& request : waiting) {
        request->error = statement.error;
        complete(request);
    }
}

void ConnectionState::complete(const RequestPointer& request) {
    if (retry(request)) {
        return;
    }
    if (ReplySink* const sink = std::exchange(request->sink, nullptr)) {
        sink->on_reply();
    }
}

/// Outside of a transaction, a query that failed through no fault of its own has changed nothing
/// and can be sent again: its statement had to be prepared again, or the request to cancel the
/// query before it arrived late.
bool ConnectionState::retry(const RequestPointer& request) {
    if (request->is_stale) {
        request->statement->stage = Statement::Stage::unprepared;
    }
    const bool is_innocent = request->is_stale || request->is_cancelled_here;
    if (!is_innocent || request->sink == nullptr || request->in_transaction ||
        request->is_retried) {
        return false;
    }
    request->is_retried = true;
    request->is_stale = request->is_cancelled_here = request->at_risk = false;
    request->error = nullptr;
    request->result.reset();
    unsent_.push_front(request);
    return true;
}

void ConnectionState::deliver_notifications() {
    struct Free {
        void operator()(PGnotify* notify) const noexcept { ::PQfreemem(notify); }
    };
    while (!is_closed()) {
        const std::unique_ptr<PGnotify, Free> notify(::PQnotifies(connection_));
        if (!notify) {
            return;
        }
        try {
            listeners.notify({notify->relname, notify->extra, notify->be_pid});
        } catch (...) {
            loop_.call_exception_handler(
                {"a PostgreSQL listener failed", std::current_exception(), {}, {}});
        }
    }
}

} // namespace hocket::detail::postgres
