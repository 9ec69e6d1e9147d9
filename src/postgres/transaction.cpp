#include <string>
#include <utility>

#include <hocket/detail/postgres/calls.hpp>

#include "postgres/execution.hpp"

namespace hocket::detail::postgres {

namespace {

std::string begin_command(pg::TransactionOptions options) {
    std::string sql = "BEGIN";
    switch (options.isolation) {
    case pg::Isolation::server_default: break;
    case pg::Isolation::read_committed: sql += " ISOLATION LEVEL READ COMMITTED"; break;
    case pg::Isolation::repeatable_read: sql += " ISOLATION LEVEL REPEATABLE READ"; break;
    case pg::Isolation::serializable: sql += " ISOLATION LEVEL SERIALIZABLE"; break;
    }
    if (options.readonly) {
        sql += " READ ONLY";
    }
    if (options.deferrable) {
        sql += " DEFERRABLE";
    }
    return sql;
}

std::string savepoint(int level) { return "hocket_" + std::to_string(level); }

} // namespace

Coro<> TransactionScope::begin(pg::TransactionOptions options) {
    state_->require_open();
    level_ = state_->transaction_level + 1;
    const bool has_options = options.isolation != pg::Isolation::server_default ||
                             options.readonly || options.deferrable;
    if (level_ > 1 && has_options) {
        throw pg::InterfaceError(
            "a transaction within a transaction is a savepoint, which has no options");
    }
    // Once it has been sent, it is not cancelled, so that the state of the connection is known.
    is_open_ = true;
    state_->transaction_level = level_;
    if (level_ == 1) {
        ++state_->transaction_number;
    }
    Execution execution(state_, make_command(level_ == 1 ? begin_command(options)
                                                         : "SAVEPOINT " + savepoint(level_),
                                             true));
    co_await execution;
}

Coro<> TransactionScope::commit() {
    is_open_ = false;
    state_->transaction_level = level_ - 1;
    if (level_ > 1) {
        // If it fails, the transaction has failed, and is ended by the scope around this one.
        Execution release(state_, make_command("RELEASE SAVEPOINT " + savepoint(level_), true));
        co_await release;
        co_return;
    }
    Execution commit(state_, make_command("COMMIT", true));
    const ResultPointer result = co_await commit;
    // The server answers this if a command had failed, and the body went on nevertheless.
    if (std::string_view(::PQcmdStatus(result.get())) == "ROLLBACK") {
        throw pg::InFailedTransactionError(
            {.severity = "ERROR",
             .sqlstate = "25P02",
             .message = "the transaction was rolled back, because a command in it had failed"});
    }
}

std::string TransactionScope::rollback_command() const {
    return level_ == 1 ? "ROLLBACK" : "ROLLBACK TO SAVEPOINT " + savepoint(level_);
}

Coro<> TransactionScope::roll_back() {
    if (!is_open_) {
        co_return; // the commit has failed
    }
    is_open_ = false;
    state_->transaction_level = level_ - 1;
    try {
        Execution rollback(state_, make_command(rollback_command(), true));
        co_await rollback;
    } catch (const pg::PostgresError&) { // the error that ended the body says more
    }
}

TransactionScope::~TransactionScope() {
    if (is_open_) {
        state_->transaction_level = level_ - 1;
        state_->submit_detached(make_command(rollback_command(), true));
    }
}

} // namespace hocket::detail::postgres
