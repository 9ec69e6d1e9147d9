#pragma once

#include <memory>
#include <string>

#include <hocket/sqlite/parameters.hpp>
#include <hocket/sqlite/row.hpp>

struct sqlite3;
struct sqlite3_stmt;

namespace hocket::detail {

class SqliteDatabase;

/// A prepared statement. Only for the thread of its connection.
class SqliteStatement {
public:
    /// Throws ProgrammingError if `sql` is not exactly one statement, and what SQLite reports.
    SqliteStatement(SqliteDatabase& database, const std::string& sql);
    SqliteStatement(const SqliteStatement&) = delete;
    SqliteStatement& operator=(const SqliteStatement&) = delete;
    ~SqliteStatement();

    [[nodiscard]] const std::string& sql() const noexcept { return sql_; }
    [[nodiscard]] bool is_readonly() const noexcept { return is_readonly_; }
    /// Whether it reads rows and does nothing else. (SQLite counts BEGIN and some PRAGMAs as
    /// statements that only read.)
    [[nodiscard]] bool is_select() const noexcept { return is_select_; }

    /// `parameters` must stay as they are until `reset`. Throws ProgrammingError if they do not fit
    /// the statement.
    void bind(const sqlite::Parameters& parameters);
    /// Runs to the next row. Returns false at the end.
    [[nodiscard]] bool step();
    /// Runs to the end.
    void run() {
        while (step()) {
        }
    }
    /// The current row.
    [[nodiscard]] sqlite::Row row();
    /// Ends the statement's run, so that it can begin again.
    void reset() noexcept;

private:
    void bind_one(int index, const sqlite::Value& value);
    void bind_named(const sqlite::Parameters& parameters);
    void read_columns();
    [[nodiscard]] sqlite::Value column(int index);

    SqliteDatabase& database_;
    const std::string sql_;
    sqlite3_stmt* statement_ = nullptr;
    bool is_readonly_ = false;
    bool is_select_ = false;
    bool has_parameters_ = false;
    int preparations_ = 0; // SQLite prepares it again when the schema has changed
    std::shared_ptr<const sqlite::Row::Names> names_;
};

/// Resets a statement at the end of a scope.
class SqliteRun {
public:
    SqliteRun(SqliteStatement& statement, const sqlite::Parameters& parameters)
        : statement_(statement) {
        statement_.bind(parameters);
    }
    ~SqliteRun() { statement_.reset(); }
    SqliteRun(const SqliteRun&) = delete;
    SqliteRun& operator=(const SqliteRun&) = delete;
    SqliteStatement* operator->() noexcept { return &statement_; }

private:
    SqliteStatement& statement_;
};

} // namespace hocket::detail
