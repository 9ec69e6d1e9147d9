#pragma once

#include <sqlite3.h>

#include <hocket/sqlite/row.hpp>

#include "sqlite/sqlite_database.hpp"

namespace hocket::detail {

/// What a statement changes. (SQLite's number of changed rows is that of the last INSERT, UPDATE or
/// DELETE, which may be an earlier statement.)
class SqliteChanges {
public:
    explicit SqliteChanges(SqliteDatabase& database)
        : database_(database.handle()), before_(::sqlite3_total_changes64(database_)) {}

    [[nodiscard]] sqlite::Result result() const noexcept {
        const bool has_changed = ::sqlite3_total_changes64(database_) != before_;
        return {.rowcount = has_changed ? ::sqlite3_changes64(database_) : 0,
                .lastrowid = ::sqlite3_last_insert_rowid(database_)};
    }

private:
    sqlite3* database_;
    std::int64_t before_;
};

} // namespace hocket::detail
