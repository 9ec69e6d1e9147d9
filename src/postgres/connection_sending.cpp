#include <utility>

#include "postgres/connection_state.hpp"
#include "postgres/encode.hpp"
#include "postgres/errors.hpp"
#include "postgres/exclusive_use.hpp"

namespace hocket::detail::postgres {

void ConnectionState::on_turn_end() noexcept {
    const auto keep_alive = weak_from_this().lock();
    if (!is_closed() && is_cut_off()) {
        receive();
        return;
    }
    // While a cancel request is on its way, it could hit any query that is sent.
    while (!is_closed() && mode_ == Mode::pipelined && !cancel_ && !unsent_.empty()) {
        const RequestPointer request = unsent_.front();
        if (request->kind == Request::Kind::exclusive) {
            if (has_unsynced_) {
                send_sync();
            }
            if (!sent_.empty()) {
                break; // sent when these have been answered
            }
            unsent_.pop_front();
            grant(*request->use);
            return;
        }
        unsent_.pop_front();
        send_request(request);
    }
    if (is_closed()) {
        return;
    }
    if (has_unsynced_) {
        send_sync();
    }
    static_cast<void>(flush());
}

void ConnectionState::send_request(const RequestPointer& request) {
    try {
        switch (request->kind) {
        case Request::Kind::prepare:
        case Request::Kind::statement:
            switch (request->statement->stage) {
            case Statement::Stage::unprepared:
                request->statement->waiting.push_back(request);
                send_prepare(request->statement);
                return;
            case Statement::Stage::preparing:
                request->statement->waiting.push_back(request);
                return;
            case Statement::Stage::ready: break;
            }
            if (request->kind == Request::Kind::prepare) {
                complete(request);
                return;
            }
            send_execution(request);
            break;
        case Request::Kind::command:
            if (request->must_run && has_unsynced_) {
                send_sync(); // or an error of the commands before it would skip it
            }
            if (::PQsendQueryParams(connection_, request->sql.c_str(), 0, nullptr, nullptr, nullptr,
                                    nullptr, 1) == 0) {
                std::rethrow_exception(connection_lost(::PQerrorMessage(connection_)));
            }
            request->unfinished = 1;
            sent_.push_back({Sent::Kind::command, request, nullptr});
            break;
        case Request::Kind::exclusive: break; // granted elsewhere
        }
    } catch (...) {
        request->error = std::current_exception();
        complete(request);
        return;
    }
    has_unsynced_ = true;
    // Outside of a transaction each request commits alone and fails alone. Inside, the failure of
    // one is the failure of all, so one sync for all requests of a turn is enough, which the server
    // answers with one packet.
    if (!request->in_transaction || request->must_run) {
        send_sync();
    }
}

void ConnectionState::send_prepare(const StatementPointer& statement) {
    if (has_unsynced_) {
        send_sync();
    }
    statement->name = "hocket_" + std::to_string(++next_statement_);
    statement->stage = Statement::Stage::preparing;
    statement->error = nullptr;
    const char* const name = statement->name.c_str();
    if (::PQsendPrepare(connection_, name, statement->sql.c_str(), 0, nullptr) == 0 ||
        ::PQsendDescribePrepared(connection_, name) == 0) {
        statement->stage = Statement::Stage::unprepared;
        const auto error = connection_lost(::PQerrorMessage(connection_));
        for (const auto& request : std::exchange(statement->waiting, {})) {
            request->error = error;
            complete(request);
        }
        return;
    }
    sent_.push_back({Sent::Kind::prepare, nullptr, statement});
    sent_.push_back({Sent::Kind::describe, nullptr, statement});
    send_sync();
    sent_.back().statement = statement;
}

void ConnectionState::send_execution(const RequestPointer& request) {
    const Statement& statement = *request->statement;
    const auto send = [&](const EncodedArguments& row) {
        if (::PQsendQueryPrepared(connection_, statement.name.c_str(), row.count(), row.values(),
                                  row.lengths(), row.formats(), 1) == 0) {
            std::rethrow_exception(connection_lost(::PQerrorMessage(connection_)));
        }
        ++request->unfinished;
        sent_.push_back({Sent::Kind::command, request, nullptr});
    };
    if (request->rows.empty()) {
        send(EncodedArguments(request->arguments, statement.parameter_types));
        return;
    }
    // Everything is encoded before anything is sent, so that an argument that does not fit leaves
    // nothing behind.
    std::vector<EncodedArguments> rows;
    rows.reserve(request->rows.size());
    for (const Arguments& arguments : request->rows) {
        rows.emplace_back(arguments, statement.parameter_types);
    }
    for (const EncodedArguments& row : rows) {
        send(row);
    }
}

void ConnectionState::send_sync() {
    has_unsynced_ = false;
    ::PQpipelineSync(connection_); // a failure is reported by the next read
    sent_.push_back({Sent::Kind::sync, nullptr, nullptr});
}

void ConnectionState::grant(ExclusiveUse& use) noexcept {
    ::PQexitPipelineMode(connection_);
    mode_ = Mode::exclusive;
    exclusive_ = &use;
    use.grant();
}

bool ConnectionState::flush() noexcept {
    const bool has_more = ::PQflush(connection_) == 1;
    if (is_cut_off()) {
        // Before others get the descriptor's number. No event will tell.
        reactor_.poller().remove(*this);
        schedule();
        return true;
    }
    const std::uint32_t wanted = readable | (has_more ? writable : 0U);
    if (interest() != wanted) {
        static_cast<void>(reactor_.poller().change(*this, wanted)); // the descriptor is watched
    }
    return !has_more;
}

} // namespace hocket::detail::postgres
