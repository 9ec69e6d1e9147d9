#include <hocket/sqlite/statements.hpp>

#include "sqlite/sqlite_changes.hpp"
#include "sqlite/sqlite_database.hpp"
#include "sqlite/sqlite_thread.hpp"

namespace hocket::sqlite {

namespace {

using detail::SqliteDatabase;
using detail::SqliteThread;
using Place = detail::SqliteRequest::Place;

class ManyRuns final : public detail::SqliteValueRequest<Result> {
public:
    ManyRuns(std::shared_ptr<SqliteThread> thread, Place place, std::string sql,
             std::vector<Parameters> rows)
        : SqliteValueRequest(std::move(thread), place),
          sql_(std::move(sql)),
          rows_(std::move(rows)) {}
    ~ManyRuns() { withdraw(); }

private:
    void perform(SqliteDatabase& database) override {
        database.deliver_done();
        database.run("SAVEPOINT hocket_executemany");
        try {
            run_all(database);
        } catch (...) {
            // Fails only if SQLite has rolled back the whole transaction.
            if (database.in_transaction()) {
                database.run("ROLLBACK TO hocket_executemany");
                database.run("RELEASE hocket_executemany");
            }
            throw;
        }
    }
    void run_all(SqliteDatabase& database) {
        const std::unique_ptr<detail::SqliteStatement> statement = database.take_prepared(sql_);
        for (const Parameters& row : rows_) {
            const detail::SqliteChanges changes(database);
            detail::SqliteRun(*statement, row)->run();
            value_.rowcount += changes.result().rowcount;
            value_.lastrowid = changes.result().lastrowid;
        }
        database.run("RELEASE hocket_executemany");
    }

    std::string sql_;
    std::vector<Parameters> rows_;
};

class Script final : public detail::SqliteRequest {
public:
    Script(std::shared_ptr<SqliteThread> thread, Place place, std::string script)
        : SqliteRequest(std::move(thread), place), script_(std::move(script)) {}
    ~Script() { withdraw(); }
    void await_resume() { finish(); }

private:
    void perform(SqliteDatabase& database) override {
        database.deliver_done();
        database.run_script(script_);
    }

    std::string script_;
};

/// A statement that is being read.
class Cursor final : public detail::SqliteDetached {
public:
    Parameters parameters;
    std::unique_ptr<detail::SqliteStatement> statement;
    bool is_at_end = false;
};

/// The cursor of a generator: its thread destroys it.
class CursorHandle {
public:
    CursorHandle(SqliteThread& thread, Parameters parameters)
        : thread_(thread), cursor_(std::make_unique<Cursor>()) {
        cursor_->parameters = std::move(parameters);
    }
    CursorHandle(const CursorHandle&) = delete;
    CursorHandle& operator=(const CursorHandle&) = delete;
    ~CursorHandle() { thread_.hand_over(std::move(cursor_)); }
    Cursor& operator*() noexcept { return *cursor_; }

private:
    SqliteThread& thread_;
    std::unique_ptr<Cursor> cursor_;
};

/// Reads the next rows of a cursor.
class Fetch final : public detail::SqliteValueRequest<std::vector<Row>> {
public:
    Fetch(std::shared_ptr<SqliteThread> thread, Place place, Cursor& cursor, const std::string& sql)
        : SqliteValueRequest(std::move(thread), place), cursor_(cursor), sql_(sql) {}
    ~Fetch() { withdraw(); }

private:
    // A piece ends with whichever comes first.
    static constexpr std::size_t most_rows = 64;
    static constexpr std::size_t most_bytes = std::size_t{256} * 1024;

    void perform(SqliteDatabase& database) override {
        database.deliver_done();
        static_cast<void>(database.handle()); // it may have been closed meanwhile
        if (cursor_.statement == nullptr) {
            cursor_.statement = database.take_prepared(sql_);
            cursor_.statement->bind(cursor_.parameters);
        }
        for (std::size_t bytes = 0; value_.size() < most_rows && bytes < most_bytes;) {
            if (!cursor_.statement->step()) {
                cursor_.is_at_end = true;
                return;
            }
            value_.push_back(cursor_.statement->row());
            for (const Value& value : value_.back().values()) {
                if (const auto* const text = std::get_if<std::string>(&value.variant())) {
                    bytes += text->size();
                } else if (const auto* const blob = std::get_if<Blob>(&value.variant())) {
                    bytes += blob->size();
                }
            }
        }
    }

    Cursor& cursor_;
    const std::string& sql_;
};

Coro<Result> run_many(std::shared_ptr<SqliteThread> thread, Place place, std::string sql,
                      std::vector<Parameters> rows) {
    ManyRuns runs(std::move(thread), place, std::move(sql), std::move(rows));
    co_return co_await runs;
}

Coro<> run_script(std::shared_ptr<SqliteThread> thread, Place place, std::string script) {
    Script run(std::move(thread), place, std::move(script));
    co_await run;
}

} // namespace

// Not coroutines: they may be called on a temporary.

Coro<Result> Statements::executemany(std::string sql, std::vector<Parameters> rows) const {
    return run_many(thread_, place_, std::move(sql), std::move(rows));
}

Coro<> Statements::executescript(std::string script) const {
    return run_script(thread_, place_, std::move(script));
}

AsyncGenerator<Row> Statements::iterate_rows(std::shared_ptr<SqliteThread> thread, Place place,
                                             std::string sql, Parameters parameters) {
    CursorHandle cursor(*thread, std::move(parameters));
    while (!(*cursor).is_at_end) {
        Fetch fetch(thread, place, *cursor, sql);
        std::vector<Row> rows = co_await fetch;
        for (Row& row : rows) {
            co_yield std::move(row);
        }
    }
}

} // namespace hocket::sqlite
