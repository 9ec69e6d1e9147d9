#pragma once

#include <cstdint>
#include <memory>

#include <hocket/coro.hpp>
#include <hocket/detail/sqlite/sqlite_request.hpp>
#include <hocket/sqlite/transaction_mode.hpp>

namespace hocket::detail {

/// The begin and the end of a transaction. If it has not been committed, the destructor has it
/// rolled back, before any statement that comes later.
class SqliteTransactionScope {
public:
    explicit SqliteTransactionScope(std::shared_ptr<SqliteThread> thread);
    SqliteTransactionScope(const SqliteTransactionScope&) = delete;
    SqliteTransactionScope& operator=(const SqliteTransactionScope&) = delete;
    ~SqliteTransactionScope();

    Coro<> begin(sqlite::TransactionMode mode);
    Coro<> commit();

private:
    std::shared_ptr<SqliteThread> thread_;
    std::unique_ptr<SqliteDetached> rollback_;
    std::uint64_t task_;
};

} // namespace hocket::detail
