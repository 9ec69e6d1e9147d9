#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include <hocket/sqlite/connect_options.hpp>

#include "sqlite/sqlite_statement.hpp"

struct sqlite3;

namespace hocket::detail {

class SqliteThread;

/// The database of a connection, with the statements that it has prepared. Only for the thread of
/// the connection.
class SqliteDatabase {
public:
    explicit SqliteDatabase(SqliteThread& thread) noexcept : thread_(thread) {}
    ~SqliteDatabase() { close(); }
    SqliteDatabase(const SqliteDatabase&) = delete;
    SqliteDatabase& operator=(const SqliteDatabase&) = delete;

    void open(const std::string& path, const sqlite::ConnectOptions& options);
    void close() noexcept;
    /// Throws ProgrammingError if it is closed.
    [[nodiscard]] sqlite3* handle() const;
    /// Throws the error of a call that returned `code`.
    [[noreturn]] void fail(int code, const std::string& sql) const;

    /// The prepared statement for `sql`. Valid until the next call.
    [[nodiscard]] SqliteStatement& prepared(const std::string& sql);
    /// The same for a caller that keeps it while others run.
    [[nodiscard]] std::unique_ptr<SqliteStatement> take_prepared(const std::string& sql);
    /// Runs a statement without parameters to its end.
    void run(const std::string& sql);
    void run_script(const std::string& script);

    [[nodiscard]] bool in_transaction() const noexcept;
    /// Rolls back, if a transaction is open. What fails then has been rolled back by SQLite.
    void roll_back() noexcept;
    /// Called before work that is not one SELECT, which may take long: ends the snapshot and posts
    /// what is done (see SqliteThread::deliver_done).
    void deliver_done() noexcept;

    /// Called before a SELECT outside of a transaction. SELECTs that were all made before the first
    /// of them runs read one snapshot: taking it, which locks files, costs more than a short
    /// SELECT. One that was made later may follow a change that it has to see, and gets a new
    /// snapshot.
    void share_snapshot();
    [[nodiscard]] bool has_snapshot() const noexcept { return snapshot_for_ != 0; }
    void end_snapshot() noexcept;

private:
    using Statements = std::list<std::unique_ptr<SqliteStatement>>;

    [[nodiscard]] int wait_while_busy(int count) noexcept;
    void set_up(const sqlite::ConnectOptions& options);

    SqliteThread& thread_;
    sqlite3* database_ = nullptr;
    Statements statements_; // used last first
    std::unordered_map<std::string_view, Statements::iterator> by_sql_;
    std::size_t kept_statements_ = 0;
    std::uint64_t snapshot_for_ = 0; // the last request that may use it; 0: there is none
    std::chrono::milliseconds busy_timeout_{0};
    std::chrono::steady_clock::time_point busy_until_;
};

} // namespace hocket::detail
