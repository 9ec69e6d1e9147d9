#include "sqlite/sqlite_statement.hpp"

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <sqlite3.h>

#include <hocket/sqlite/errors.hpp>

#include "sqlite/sqlite_database.hpp"

namespace hocket::detail {

namespace {

/// Whether what follows the first statement contains another one.
bool has_statement(sqlite3* database, const char* text, std::size_t size) {
    sqlite3_stmt* statement = nullptr;
    const int code =
        ::sqlite3_prepare_v2(database, text, static_cast<int>(size), &statement, nullptr);
    ::sqlite3_finalize(statement);
    return code != SQLITE_OK || statement != nullptr;
}

} // namespace

SqliteStatement::SqliteStatement(SqliteDatabase& database, const std::string& sql)
    : database_(database), sql_(sql) {
    const char* rest = nullptr;
    if (const int code =
            ::sqlite3_prepare_v3(database.handle(), sql_.data(), static_cast<int>(sql_.size()),
                                 SQLITE_PREPARE_PERSISTENT, &statement_, &rest);
        code != SQLITE_OK) {
        database.fail(code, sql_);
    }
    if (statement_ == nullptr) {
        throw sqlite::ProgrammingError("the SQL contains no statement", sql_);
    }
    const auto left = static_cast<std::size_t>(sql_.data() + sql_.size() - rest);
    if (left > 0 && has_statement(database.handle(), rest, left)) {
        ::sqlite3_finalize(statement_);
        throw sqlite::ProgrammingError(
            "the SQL contains more than one statement: use executescript", sql_);
    }
    is_readonly_ = ::sqlite3_stmt_readonly(statement_) != 0;
    constexpr std::string_view select = "SELECT";
    is_select_ =
        is_readonly_ && ::sqlite3_strnicmp(sql_.c_str(), select.data(), select.size()) == 0;
    has_parameters_ = ::sqlite3_bind_parameter_count(statement_) > 0;
}

SqliteStatement::~SqliteStatement() { ::sqlite3_finalize(statement_); }

void SqliteStatement::bind(const sqlite::Parameters& parameters) {
    if (parameters.are_named()) {
        bind_named(parameters);
        return;
    }
    const auto count = static_cast<std::size_t>(::sqlite3_bind_parameter_count(statement_));
    if (parameters.size() != count) {
        throw sqlite::ProgrammingError("the statement has " + std::to_string(count) +
                                           " parameters, but " + std::to_string(parameters.size()) +
                                           " were given",
                                       sql_);
    }
    int index = 0;
    for (const sqlite::Value& value : parameters.values()) {
        bind_one(++index, value);
    }
}

void SqliteStatement::bind_named(const sqlite::Parameters& parameters) {
    const int count = ::sqlite3_bind_parameter_count(statement_);
    std::size_t used = 0;
    for (int index = 1; index <= count; ++index) {
        const char* const sign_and_name = ::sqlite3_bind_parameter_name(statement_, index);
        const std::string_view name = sign_and_name == nullptr ? "" : sign_and_name + 1;
        const auto& names = parameters.names();
        const auto found = std::find(names.begin(), names.end(), name);
        if (sign_and_name == nullptr || found == names.end()) {
            throw sqlite::ProgrammingError("no value was given for parameter " +
                                               (sign_and_name == nullptr
                                                    ? std::to_string(index) + ", which has no name"
                                                    : "'" + std::string(sign_and_name) + "'"),
                                           sql_);
        }
        bind_one(index, parameters.values()[static_cast<std::size_t>(found - names.begin())]);
        ++used;
    }
    if (used < parameters.size()) {
        for (const std::string& name : parameters.names()) {
            constexpr std::string_view signs = ":@$";
            const bool exists = std::any_of(signs.begin(), signs.end(), [&](char sign) {
                return ::sqlite3_bind_parameter_index(statement_, (sign + name).c_str()) != 0;
            });
            if (!exists) {
                throw sqlite::ProgrammingError(
                    "the statement has no parameter with the name '" + name + "'", sql_);
            }
        }
    }
}

void SqliteStatement::bind_one(int index, const sqlite::Value& value) {
    struct Bind {
        sqlite3_stmt* statement;
        int index;
        int operator()(std::monostate) const { return ::sqlite3_bind_null(statement, index); }
        int operator()(std::int64_t number) const {
            return ::sqlite3_bind_int64(statement, index, number);
        }
        int operator()(double number) const {
            return ::sqlite3_bind_double(statement, index, number);
        }
        int operator()(const std::string& text) const {
            return ::sqlite3_bind_text64(statement, index, text.data(), text.size(), SQLITE_STATIC,
                                         SQLITE_UTF8);
        }
        int operator()(const sqlite::Blob& blob) const {
            // A null pointer would be NULL, not an empty blob.
            return blob.empty() ? ::sqlite3_bind_zeroblob(statement, index, 0)
                                : ::sqlite3_bind_blob64(statement, index, blob.data(), blob.size(),
                                                        SQLITE_STATIC);
        }
    };
    if (const int code = std::visit(Bind{statement_, index}, value.variant()); code != SQLITE_OK) {
        database_.fail(code, sql_);
    }
}

bool SqliteStatement::step() {
    const int code = ::sqlite3_step(statement_);
    if (code == SQLITE_ROW) {
        return true;
    }
    if (code != SQLITE_DONE) {
        database_.fail(code, sql_);
    }
    return false;
}

sqlite::Row SqliteStatement::row() {
    const int preparations =
        ::sqlite3_stmt_status(statement_, SQLITE_STMTSTATUS_REPREPARE, /*reset=*/0);
    if (names_ == nullptr || preparations != preparations_) {
        read_columns();
        preparations_ = preparations;
    }
    std::vector<sqlite::Value> values;
    const int count = static_cast<int>(names_->size());
    values.reserve(names_->size());
    for (int i = 0; i < count; ++i) {
        values.push_back(column(i));
    }
    return {names_, std::move(values)};
}

void SqliteStatement::read_columns() {
    auto names = std::make_shared<sqlite::Row::Names>();
    const int count = ::sqlite3_column_count(statement_);
    for (int i = 0; i < count; ++i) {
        const char* const name = ::sqlite3_column_name(statement_, i);
        names->emplace_back(name == nullptr ? "" : name);
    }
    names_ = std::move(names);
}

sqlite::Value SqliteStatement::column(int index) {
    switch (::sqlite3_column_type(statement_, index)) {
    case SQLITE_INTEGER:
        return {static_cast<std::int64_t>(::sqlite3_column_int64(statement_, index))};
    case SQLITE_FLOAT: return {::sqlite3_column_double(statement_, index)};
    case SQLITE_TEXT: {
        const auto* const text =
            reinterpret_cast<const char*>(::sqlite3_column_text(statement_, index));
        const auto size = static_cast<std::size_t>(::sqlite3_column_bytes(statement_, index));
        return {std::string(text, size)};
    }
    case SQLITE_BLOB: {
        const auto* const bytes =
            static_cast<const std::byte*>(::sqlite3_column_blob(statement_, index));
        const auto size = static_cast<std::size_t>(::sqlite3_column_bytes(statement_, index));
        return {sqlite::Blob(bytes, bytes + size)};
    }
    default: return {};
    }
}

void SqliteStatement::reset() noexcept {
    ::sqlite3_reset(statement_);
    if (has_parameters_) {
        ::sqlite3_clear_bindings(statement_); // they point at the parameters
    }
}

} // namespace hocket::detail
