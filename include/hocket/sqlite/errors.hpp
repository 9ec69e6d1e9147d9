#pragma once

#include <stdexcept>
#include <string>

namespace hocket::sqlite {

/// The base of all errors of this component: Python's sqlite3.DatabaseError. `what()` contains
/// SQLite's message, the name of the code, and the SQL.
class Error : public std::runtime_error {
public:
    /// `extended_code` is SQLite's extended result code, `message` its text, and `sql` what was
    /// run; may be empty.
    Error(int extended_code, const std::string& message, std::string sql);

    /// SQLite's primary result code, as SQLITE_BUSY is.
    [[nodiscard]] int code() const noexcept { return extended_code_ & 0xff; }
    /// SQLite's extended result code: Python's sqlite_errorcode.
    [[nodiscard]] int extended_code() const noexcept { return extended_code_; }
    /// "SQLITE_CONSTRAINT_UNIQUE": Python's sqlite_errorname.
    [[nodiscard]] std::string code_name() const;
    /// The statement that failed; empty if there was none.
    [[nodiscard]] const std::string& sql() const noexcept { return sql_; }

protected:
    /// For errors that SQLite itself has not reported: `what()` does not contain the code.
    struct NotReported {};
    Error(NotReported, int code, const std::string& message, std::string sql);

private:
    int extended_code_;
    std::string sql_;
};

/// Thrown for what is outside of the program's control: the disk is full, the file cannot be
/// opened, a table does not exist.
class OperationalError : public Error {
public:
    using Error::Error;
};

/// Thrown when the database was locked by another connection for longer than the busy timeout
/// (SQLITE_BUSY, SQLITE_LOCKED).
class BusyError : public OperationalError {
public:
    using OperationalError::OperationalError;
};

/// Thrown when `Connection::interrupt` ended the statement.
class InterruptError : public OperationalError {
public:
    using OperationalError::OperationalError;
};

/// Thrown when a constraint is violated, such as UNIQUE, NOT NULL or FOREIGN KEY.
class IntegrityError : public Error {
public:
    using Error::Error;
};

/// Thrown when a value is too large, or a column is read as a type that it does not have.
class DataError : public Error {
public:
    using Error::Error;
    explicit DataError(const std::string& message);
};

/// Thrown when the program uses SQLite in a wrong way: a closed connection, a wrong number of
/// parameters, several statements where one is expected.
class ProgrammingError : public Error {
public:
    using Error::Error;
    explicit ProgrammingError(const std::string& message, std::string sql = {});
};

} // namespace hocket::sqlite
