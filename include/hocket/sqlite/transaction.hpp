#pragma once

#include <memory>
#include <type_traits>
#include <utility>

#include <hocket/coro.hpp>
#include <hocket/detail/sqlite/sqlite_transaction_scope.hpp>
#include <hocket/detail/tasks/scoped_body.hpp>
#include <hocket/sqlite/statements.hpp>
#include <hocket/sqlite/transaction_mode.hpp>

namespace hocket::sqlite {

/// An open transaction: runs statements in it. Passed to the body of Connection::transaction, and
/// valid until that ends.
class Transaction : public Statements {
public:
    Transaction(const Transaction&) = delete;
    Transaction& operator=(const Transaction&) = delete;

    /// Internal.
    explicit Transaction(std::shared_ptr<detail::SqliteThread> thread) noexcept
        : Statements(std::move(thread), detail::SqliteRequest::Place::inside) {}
};

/// A callable that takes a Transaction& and returns a Coro.
template <class F>
concept TransactionBody = detail::ScopedBody<F, Transaction>;

} // namespace hocket::sqlite

namespace hocket::detail {

template <class T, class F>
Coro<T> run_sqlite_transaction(std::shared_ptr<SqliteThread> thread, sqlite::TransactionMode mode,
                               F body) {
    SqliteTransactionScope scope(thread);
    co_await scope.begin(mode);
    sqlite::Transaction transaction(std::move(thread));
    if constexpr (std::is_void_v<T>) {
        co_await body(transaction);
        co_await scope.commit();
    } else {
        T value = co_await body(transaction);
        co_await scope.commit();
        co_return value;
    }
}

} // namespace hocket::detail
