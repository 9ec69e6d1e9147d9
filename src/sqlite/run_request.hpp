#pragma once

#include <memory>
#include <string>
#include <utility>

#include <hocket/detail/sqlite/sqlite_request.hpp>

#include "sqlite/sqlite_database.hpp"

namespace hocket::detail {

/// Runs one statement of the library's own.
class SqliteRunRequest final : public SqliteRequest {
public:
    SqliteRunRequest(std::shared_ptr<SqliteThread> thread, Place place, std::string sql)
        : SqliteRequest(std::move(thread), place), sql_(std::move(sql)) {}
    ~SqliteRunRequest() { withdraw(); }
    void await_resume() { finish(); }

private:
    void perform(SqliteDatabase& database) override {
        database.deliver_done();
        database.run(sql_);
    }

    std::string sql_;
};

} // namespace hocket::detail
