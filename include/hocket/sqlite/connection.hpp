#pragma once

#include <concepts>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>

#include <hocket/coro.hpp>
#include <hocket/sqlite/backup.hpp>
#include <hocket/sqlite/connect_options.hpp>
#include <hocket/sqlite/statements.hpp>
#include <hocket/sqlite/transaction.hpp>

namespace hocket::sqlite {

/// A connection to a database: aiosqlite's Connection. It has a thread of its own, which runs its
/// statements one after the other in the order in which tasks make them. This is a handle: copies
/// use the same connection, and the last one closes it. Any number of tasks of one loop may use it
/// at a time; use it only on the thread of that loop.
class Connection : public Statements {
public:
    /// Begins a transaction, awaits the Coro returned by `body(Transaction&)`, commits and returns
    /// its value. If the body throws or is cancelled, the transaction is rolled back. Statements
    /// that other tasks run on this connection meanwhile wait for its end; one that the same task
    /// runs on the connection instead of the Transaction would wait for itself, and throws
    /// RuntimeError. Do not keep the Transaction.
    ///
    ///     auto database = co_await hocket::sqlite::connect("data.db");
    ///     auto transfer = [&](hocket::sqlite::Transaction& transaction) -> hocket::Coro<> {
    ///         co_await transaction.execute("UPDATE account SET x = x - ? WHERE id = 1", 5);
    ///         co_await transaction.execute("UPDATE account SET x = x + ? WHERE id = 2", 5);
    ///     };
    ///     co_await database.transaction(transfer);
    template <TransactionBody F>
    auto transaction(F&& body, TransactionMode mode = TransactionMode::immediate) const
        -> detail::MadeOf<Coro<detail::ScopedBodyValue<F, Transaction>>, F> {
        return detail::run_sqlite_transaction<detail::ScopedBodyValue<F, Transaction>,
                                              std::decay_t<F>>(thread(), mode,
                                                               std::forward<F>(body));
    }
    /// Commits a transaction that a statement has begun ("BEGIN"). Does nothing if there is none.
    Coro<> commit() const;
    /// Undoes it. Does nothing if there is none.
    Coro<> rollback() const;
    /// Whether a transaction was open after the last statement that has ended.
    [[nodiscard]] bool in_transaction() const noexcept;
    /// Ends the statement that is running, which then throws InterruptError.
    void interrupt() const noexcept;

    /// Copies the database to the file `target`, which becomes an exact copy, while other
    /// connections may read and write. Cancelling it leaves the target incomplete.
    Coro<> backup(std::string target, BackupOptions options = {}) const;
    /// The same; calls `progress(BackupProgress)` after each step, on the loop's thread.
    template <std::invocable<BackupProgress> F>
    auto backup(std::string target, BackupOptions options, F&& progress) const
        -> detail::MadeOf<Coro<>, F> {
        return run_backup(thread(), std::move(target), options,
                          std::function<void(BackupProgress)>(std::forward<F>(progress)));
    }

    /// Closes the database once the statements that have been made are done; later ones throw
    /// ProgrammingError.
    Coro<> close() const;

    /// Internal.
    explicit Connection(std::shared_ptr<detail::SqliteThread> thread) noexcept
        : Statements(std::move(thread), detail::SqliteRequest::Place::outside) {}
    [[nodiscard]] std::size_t pending() const noexcept;

private:
    static Coro<> run_backup(std::shared_ptr<detail::SqliteThread> thread, std::string target,
                             BackupOptions options, std::function<void(BackupProgress)> progress);
};

/// Opens the database in the file `path`, which is created if it does not exist; ":memory:" is a
/// database in memory, and "" one in a temporary file. The connection belongs to the loop that runs
/// here. Throws OperationalError if the file cannot be opened, and Error if it is not a database.
Coro<Connection> connect(std::string path, ConnectOptions options = {});

} // namespace hocket::sqlite
