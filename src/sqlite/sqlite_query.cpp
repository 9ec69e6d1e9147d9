#include <hocket/detail/sqlite/sqlite_query.hpp>

#include "sqlite/sqlite_changes.hpp"
#include "sqlite/sqlite_database.hpp"

namespace hocket::detail {

namespace {

/// The prepared statement for a request, which may be one that takes long.
SqliteStatement& prepare(SqliteDatabase& database, const std::string& sql) {
    if (database.prepared(sql).is_select()) {
        database.share_snapshot();
    } else {
        database.deliver_done();
    }
    return database.prepared(sql); // again, because a snapshot begins with a statement
}

} // namespace

template <> void SqliteQuery<sqlite::Result>::perform(SqliteDatabase& database) {
    SqliteStatement& statement = prepare(database, sql_);
    const SqliteChanges changes(database);
    SqliteRun(statement, parameters_)->run();
    value_ = changes.result();
}

template <> void SqliteQuery<std::optional<sqlite::Row>>::perform(SqliteDatabase& database) {
    SqliteRun run(prepare(database, sql_), parameters_);
    if (run->step()) {
        value_ = run->row();
        if (!run->is_readonly()) {
            run->run(); // to the end, because that commits
        }
    }
}

template <> void SqliteQuery<std::vector<sqlite::Row>>::perform(SqliteDatabase& database) {
    SqliteRun run(prepare(database, sql_), parameters_);
    while (run->step()) {
        value_.push_back(run->row());
    }
}

} // namespace hocket::detail
