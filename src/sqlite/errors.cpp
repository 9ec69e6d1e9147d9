#include <hocket/sqlite/errors.hpp>

#include <utility>

#include <sqlite3.h>

#include "sqlite/sqlite_error.hpp"

namespace hocket::sqlite {

namespace {

struct CodeName {
    int code;
    const char* name;
};

#define HOCKET_CODE(name)                                                                          \
    CodeName { name, #name }
constexpr CodeName code_names[] = {
    HOCKET_CODE(SQLITE_ERROR),
    HOCKET_CODE(SQLITE_INTERNAL),
    HOCKET_CODE(SQLITE_PERM),
    HOCKET_CODE(SQLITE_ABORT),
    HOCKET_CODE(SQLITE_BUSY),
    HOCKET_CODE(SQLITE_LOCKED),
    HOCKET_CODE(SQLITE_NOMEM),
    HOCKET_CODE(SQLITE_READONLY),
    HOCKET_CODE(SQLITE_INTERRUPT),
    HOCKET_CODE(SQLITE_IOERR),
    HOCKET_CODE(SQLITE_CORRUPT),
    HOCKET_CODE(SQLITE_NOTFOUND),
    HOCKET_CODE(SQLITE_FULL),
    HOCKET_CODE(SQLITE_CANTOPEN),
    HOCKET_CODE(SQLITE_PROTOCOL),
    HOCKET_CODE(SQLITE_SCHEMA),
    HOCKET_CODE(SQLITE_TOOBIG),
    HOCKET_CODE(SQLITE_CONSTRAINT),
    HOCKET_CODE(SQLITE_MISMATCH),
    HOCKET_CODE(SQLITE_MISUSE),
    HOCKET_CODE(SQLITE_NOLFS),
    HOCKET_CODE(SQLITE_AUTH),
    HOCKET_CODE(SQLITE_RANGE),
    HOCKET_CODE(SQLITE_NOTADB),
    HOCKET_CODE(SQLITE_ABORT_ROLLBACK),
    HOCKET_CODE(SQLITE_BUSY_RECOVERY),
    HOCKET_CODE(SQLITE_BUSY_SNAPSHOT),
    HOCKET_CODE(SQLITE_BUSY_TIMEOUT),
    HOCKET_CODE(SQLITE_LOCKED_SHAREDCACHE),
    HOCKET_CODE(SQLITE_CANTOPEN_ISDIR),
    HOCKET_CODE(SQLITE_CONSTRAINT_CHECK),
    HOCKET_CODE(SQLITE_CONSTRAINT_FOREIGNKEY),
    HOCKET_CODE(SQLITE_CONSTRAINT_NOTNULL),
    HOCKET_CODE(SQLITE_CONSTRAINT_PRIMARYKEY),
    HOCKET_CODE(SQLITE_CONSTRAINT_ROWID),
    HOCKET_CODE(SQLITE_CONSTRAINT_TRIGGER),
    HOCKET_CODE(SQLITE_CONSTRAINT_UNIQUE),
    HOCKET_CODE(SQLITE_CONSTRAINT_DATATYPE),
    HOCKET_CODE(SQLITE_READONLY_DBMOVED),
};
#undef HOCKET_CODE

/// An unknown extended code has the name of its primary code.
std::string name_of(int code) {
    for (const int wanted : {code, code & 0xff}) {
        for (const CodeName& known : code_names) {
            if (known.code == wanted) {
                return known.name;
            }
        }
    }
    return "SQLite's code " + std::to_string(code);
}

std::string with_sql(std::string text, const std::string& sql) {
    if (!sql.empty()) {
        constexpr std::size_t shown = 500;
        text += " in: " + sql.substr(0, shown) + (sql.size() > shown ? " ..." : "");
    }
    return text;
}

} // namespace

Error::Error(int extended_code, const std::string& message, std::string sql)
    : std::runtime_error(with_sql(message + " (" + name_of(extended_code) + ")", sql)),
      extended_code_(extended_code),
      sql_(std::move(sql)) {}

Error::Error(NotReported, int code, const std::string& message, std::string sql)
    : std::runtime_error(with_sql(message, sql)), extended_code_(code), sql_(std::move(sql)) {}

std::string Error::code_name() const { return name_of(extended_code_); }

DataError::DataError(const std::string& message)
    : Error(NotReported(), SQLITE_MISMATCH, message, {}) {}

ProgrammingError::ProgrammingError(const std::string& message, std::string sql)
    : Error(NotReported(), SQLITE_MISUSE, message, std::move(sql)) {}

} // namespace hocket::sqlite

namespace hocket::detail {

void throw_sqlite_error(int extended_code, const std::string& message, const std::string& sql) {
    switch (extended_code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED: throw sqlite::BusyError(extended_code, message, sql);
    case SQLITE_INTERRUPT: throw sqlite::InterruptError(extended_code, message, sql);
    case SQLITE_CONSTRAINT:
    case SQLITE_MISMATCH: throw sqlite::IntegrityError(extended_code, message, sql);
    case SQLITE_TOOBIG: throw sqlite::DataError(extended_code, message, sql);
    case SQLITE_MISUSE:
    case SQLITE_RANGE: throw sqlite::ProgrammingError(extended_code, message, sql);
    case SQLITE_INTERNAL:
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: throw sqlite::Error(extended_code, message, sql);
    default: throw sqlite::OperationalError(extended_code, message, sql);
    }
}

void throw_sqlite_error(sqlite3* database, int code, const std::string& sql) {
    const int extended = ::sqlite3_extended_errcode(database);
    // A call that could not be made at all leaves the database's last error as it was.
    if ((extended & 0xff) != (code & 0xff)) {
        throw_sqlite_error(code, ::sqlite3_errstr(code), sql);
    }
    std::string message = ::sqlite3_errmsg(database);
    if (const int offset = ::sqlite3_error_offset(database); offset >= 0) {
        message += ", at byte " + std::to_string(offset);
    }
    throw_sqlite_error(extended, message, sql);
}

} // namespace hocket::detail
