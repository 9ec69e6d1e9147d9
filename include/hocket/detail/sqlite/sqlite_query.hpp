#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <hocket/coro.hpp>
#include <hocket/detail/sqlite/sqlite_request.hpp>
#include <hocket/detail/sync/waiter.hpp>
#include <hocket/sqlite/parameters.hpp>
#include <hocket/sqlite/row.hpp>

namespace hocket::detail {

/// A request that yields a T.
template <class T> class SqliteValueRequest : public SqliteRequest {
public:
    using value_type = T;
    using SqliteRequest::SqliteRequest;

    T await_resume() {
        finish();
        return std::move(value_);
    }

protected:
    T value_{};
};

/// Runs one statement. T says what of its result is wanted: a Result, the first row, or all rows.
template <class T> class [[nodiscard]] SqliteQuery final : public SqliteValueRequest<T> {
public:
    SqliteQuery(std::shared_ptr<SqliteThread> thread, SqliteRequest::Place place, std::string sql,
                sqlite::Parameters parameters)
        : SqliteValueRequest<T>(std::move(thread), place),
          sql_(std::move(sql)),
          parameters_(std::move(parameters)) {}
    ~SqliteQuery() { this->withdraw(); }
    operator Coro<T>() const { // NOLINT(google-explicit-constructor): aiosqlite's is a coroutine
        return await_in_coro<SqliteQuery, std::shared_ptr<SqliteThread>, SqliteRequest::Place,
                             std::string, sqlite::Parameters>(this->thread(), this->place(), sql_,
                                                              parameters_);
    }

private:
    void perform(SqliteDatabase& database) override;

    std::string sql_;
    sqlite::Parameters parameters_;
};

template <> void SqliteQuery<sqlite::Result>::perform(SqliteDatabase&);
template <> void SqliteQuery<std::optional<sqlite::Row>>::perform(SqliteDatabase&);
template <> void SqliteQuery<std::vector<sqlite::Row>>::perform(SqliteDatabase&);

} // namespace hocket::detail
