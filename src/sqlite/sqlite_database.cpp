#include "sqlite/sqlite_database.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <sqlite3.h>

#include <hocket/sqlite/errors.hpp>

#include "sqlite/sqlite_error.hpp"
#include "sqlite/sqlite_thread.hpp"

namespace hocket::detail {

namespace {

// After so many of its steps, SQLite asks whether the statement should end: about every 20 µs.
constexpr int steps_between_checks = 1000;

} // namespace

void SqliteDatabase::open(const std::string& path, const sqlite::ConnectOptions& options) {
    int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    flags |= options.read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
    flags |= options.create && !options.read_only ? SQLITE_OPEN_CREATE : 0;
    flags |= options.uri ? SQLITE_OPEN_URI : 0;
    const int code = ::sqlite3_open_v2(path.c_str(), &database_, flags, nullptr);
    if (code != SQLITE_OK) {
        const std::string message =
            database_ == nullptr ? ::sqlite3_errstr(code) : ::sqlite3_errmsg(database_);
        ::sqlite3_close(std::exchange(database_, nullptr));
        throw_sqlite_error(code, "cannot open the database '" + path + "': " + message, {});
    }
    try {
        set_up(options);
    } catch (...) {
        close();
        throw;
    }
}

void SqliteDatabase::set_up(const sqlite::ConnectOptions& options) {
    kept_statements_ = options.cached_statements;
    busy_timeout_ = options.busy_timeout;
    ::sqlite3_busy_handler(
        database_,
        [](void* self, int count) {
            return static_cast<SqliteDatabase*>(self)->wait_while_busy(count);
        },
        this);
    ::sqlite3_progress_handler(
        database_, steps_between_checks,
        [](void* thread) {
            static_cast<SqliteThread*>(thread)->deliver_done();
            return static_cast<int>(static_cast<SqliteThread*>(thread)->should_stop());
        },
        &thread_);
    if (!options.read_only) {
        switch (options.journal_mode) {
        case sqlite::JournalMode::wal: run("PRAGMA journal_mode = WAL"); break;
        case sqlite::JournalMode::rollback: run("PRAGMA journal_mode = DELETE"); break;
        case sqlite::JournalMode::unchanged: break;
        }
    }
    if (options.synchronous != sqlite::Synchronous::unchanged) {
        constexpr std::array names{"", "OFF", "NORMAL", "FULL"};
        run(std::string("PRAGMA synchronous = ") +
            names.at(static_cast<std::size_t>(options.synchronous)));
    }
    if (options.foreign_keys) {
        run("PRAGMA foreign_keys = ON");
    }
}

void SqliteDatabase::close() noexcept {
    end_snapshot();
    by_sql_.clear();
    statements_.clear();
    // With cursors that are still open, it is closed with the last of them.
    ::sqlite3_close_v2(std::exchange(database_, nullptr));
}

sqlite3* SqliteDatabase::handle() const {
    if (database_ == nullptr) {
        throw sqlite::ProgrammingError("the SQLite connection is closed");
    }
    return database_;
}

void SqliteDatabase::fail(int code, const std::string& sql) const {
    // The wait for a lock ends with SQLITE_BUSY when it is interrupted.
    if (thread_.should_stop()) {
        throw_sqlite_error(SQLITE_INTERRUPT, ::sqlite3_errstr(SQLITE_INTERRUPT), sql);
    }
    throw_sqlite_error(database_, code, sql);
}

SqliteStatement& SqliteDatabase::prepared(const std::string& sql) {
    if (!statements_.empty() && statements_.front()->sql() == sql) {
        return *statements_.front();
    }
    if (const auto found = by_sql_.find(sql); found != by_sql_.end()) {
        statements_.splice(statements_.begin(), statements_, found->second);
        return *statements_.front();
    }
    statements_.push_front(std::make_unique<SqliteStatement>(*this, sql));
    by_sql_.emplace(statements_.front()->sql(), statements_.begin());
    // At least one, because it is in use.
    while (statements_.size() > std::max<std::size_t>(kept_statements_, 1)) {
        by_sql_.erase(statements_.back()->sql());
        statements_.pop_back();
    }
    return *statements_.front();
}

std::unique_ptr<SqliteStatement> SqliteDatabase::take_prepared(const std::string& sql) {
    const auto found = by_sql_.find(sql);
    if (found == by_sql_.end()) {
        return std::make_unique<SqliteStatement>(*this, sql);
    }
    const Statements::iterator place = found->second;
    by_sql_.erase(found);
    std::unique_ptr<SqliteStatement> statement = std::move(*place);
    statements_.erase(place);
    return statement;
}

void SqliteDatabase::run(const std::string& sql) { SqliteRun(prepared(sql), {})->run(); }

void SqliteDatabase::run_script(const std::string& script) {
    const char* rest = script.c_str();
    while (*rest != '\0') {
        sqlite3_stmt* statement = nullptr;
        const char* const begin = rest;
        int code = ::sqlite3_prepare_v2(handle(), begin, -1, &statement, &rest);
        if (code == SQLITE_OK && statement != nullptr) {
            while ((code = ::sqlite3_step(statement)) == SQLITE_ROW) {
            }
            code = ::sqlite3_finalize(statement);
        }
        if (code != SQLITE_OK) {
            fail(code, std::string(begin, rest > begin ? rest : begin));
        }
    }
}

bool SqliteDatabase::in_transaction() const noexcept {
    return database_ != nullptr && !has_snapshot() && ::sqlite3_get_autocommit(database_) == 0;
}

void SqliteDatabase::roll_back() noexcept {
    if (in_transaction()) {
        ::sqlite3_exec(database_, "ROLLBACK", nullptr, nullptr, nullptr);
    }
}

void SqliteDatabase::deliver_done() noexcept {
    end_snapshot();
    thread_.deliver_done();
}

void SqliteDatabase::share_snapshot() {
    if (has_snapshot()) {
        if (thread_.running_position() <= snapshot_for_) {
            return;
        }
        end_snapshot();
    }
    const std::uint64_t last = thread_.last_position();
    if (last > thread_.running_position() && !in_transaction()) {
        run("BEGIN");
        snapshot_for_ = last;
    }
}

void SqliteDatabase::end_snapshot() noexcept {
    if (std::exchange(snapshot_for_, 0) != 0) {
        ::sqlite3_exec(database_, "COMMIT", nullptr, nullptr, nullptr);
    }
}

int SqliteDatabase::wait_while_busy(int count) noexcept {
    using std::chrono::milliseconds;
    // Locks are usually held for a moment, but one that is held for long should not be asked for
    // all the time.
    constexpr std::array delays{1, 2, 5, 10, 15, 20, 25, 50, 100};
    const auto now = std::chrono::steady_clock::now();
    if (count == 0) {
        busy_until_ = now + busy_timeout_;
        thread_.deliver_done();
    }
    if (now >= busy_until_ || thread_.should_stop()) {
        return 0;
    }
    const std::size_t place = std::min(static_cast<std::size_t>(count), delays.size() - 1);
    const auto left = std::chrono::duration_cast<milliseconds>(busy_until_ - now) + milliseconds(1);
    thread_.wait_while_busy(std::min(milliseconds(delays.at(place)), left));
    return static_cast<int>(!thread_.should_stop());
}

} // namespace hocket::detail
