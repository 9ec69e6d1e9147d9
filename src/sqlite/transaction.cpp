#include <hocket/detail/sqlite/sqlite_transaction_scope.hpp>

#include <array>

#include <hocket/detail/loop/loop_core.hpp>

#include "sqlite/run_request.hpp"
#include "sqlite/sqlite_database.hpp"
#include "sqlite/sqlite_thread.hpp"

namespace hocket::detail {

namespace {

class Rollback final : public SqliteDetached {
    void perform(SqliteDatabase& database) override { database.roll_back(); }
};

} // namespace

SqliteTransactionScope::SqliteTransactionScope(std::shared_ptr<SqliteThread> thread)
    : thread_(std::move(thread)),
      rollback_(std::make_unique<Rollback>()),
      task_(require_running_core().current->id()) {}

SqliteTransactionScope::~SqliteTransactionScope() {
    thread_->end_transaction(task_, std::move(rollback_));
}

Coro<> SqliteTransactionScope::begin(sqlite::TransactionMode mode) {
    constexpr std::array statements{"BEGIN DEFERRED", "BEGIN IMMEDIATE", "BEGIN EXCLUSIVE"};
    SqliteRunRequest begin(thread_, SqliteRequest::Place::opening,
                           statements.at(static_cast<std::size_t>(mode)));
    co_await begin;
}

Coro<> SqliteTransactionScope::commit() {
    SqliteRunRequest commit(thread_, SqliteRequest::Place::inside, "COMMIT");
    co_await commit;
    rollback_.reset();
}

} // namespace hocket::detail
