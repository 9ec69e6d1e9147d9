#pragma once

#include <stdexcept>
#include <string>

#include <hocket/errors.hpp>

namespace hocket::postgres {

/// What the server says about an error. Fields that it did not send are empty.
struct ErrorFields {
    std::string severity = {}; ///< "ERROR", "FATAL" or "PANIC"
    std::string sqlstate = {}; ///< five characters: "23505"
    std::string message = {};
    std::string detail = {};
    std::string hint = {};
    int position = 0; ///< the character of the query, counted from 1; 0: unknown
    std::string schema = {};
    std::string table = {};
    std::string column = {};
    std::string data_type = {};
    std::string constraint = {};
    std::string context = {};
    std::string query = {}; ///< the SQL that was sent
};

/// Thrown when the server reports an error. Classes derived from it stand for the codes that
/// programs catch; all others are thrown as this class.
class PostgresError : public std::runtime_error {
public:
    explicit PostgresError(ErrorFields fields);

    [[nodiscard]] const ErrorFields& fields() const noexcept { return fields_; }
    [[nodiscard]] const std::string& sqlstate() const noexcept { return fields_.sqlstate; }
    [[nodiscard]] const std::string& severity() const noexcept { return fields_.severity; }
    [[nodiscard]] const std::string& message() const noexcept { return fields_.message; }
    [[nodiscard]] const std::string& detail() const noexcept { return fields_.detail; }
    [[nodiscard]] const std::string& hint() const noexcept { return fields_.hint; }
    [[nodiscard]] int position() const noexcept { return fields_.position; }
    [[nodiscard]] const std::string& constraint() const noexcept { return fields_.constraint; }

private:
    ErrorFields fields_;
};

/// Class 23: a constraint was violated.
class IntegrityConstraintViolationError : public PostgresError {
public:
    using PostgresError::PostgresError;
};
/// 23505
class UniqueViolationError : public IntegrityConstraintViolationError {
public:
    using IntegrityConstraintViolationError::IntegrityConstraintViolationError;
};
/// 23503
class ForeignKeyViolationError : public IntegrityConstraintViolationError {
public:
    using IntegrityConstraintViolationError::IntegrityConstraintViolationError;
};
/// 23502
class NotNullViolationError : public IntegrityConstraintViolationError {
public:
    using IntegrityConstraintViolationError::IntegrityConstraintViolationError;
};
/// 23514
class CheckViolationError : public IntegrityConstraintViolationError {
public:
    using IntegrityConstraintViolationError::IntegrityConstraintViolationError;
};
/// Class 40: the transaction was rolled back and can be tried again.
class TransactionRollbackError : public PostgresError {
public:
    using PostgresError::PostgresError;
};
/// 40001
class SerializationError : public TransactionRollbackError {
public:
    using TransactionRollbackError::TransactionRollbackError;
};
/// 40P01
class DeadlockDetectedError : public TransactionRollbackError {
public:
    using TransactionRollbackError::TransactionRollbackError;
};
/// 25P02: an earlier command of the transaction failed, so this one was not executed.
class InFailedTransactionError : public PostgresError {
public:
    using PostgresError::PostgresError;
};
/// 42601
class SyntaxError : public PostgresError {
public:
    using PostgresError::PostgresError;
};
/// 42P01
class UndefinedTableError : public PostgresError {
public:
    using PostgresError::PostgresError;
};
/// 42703
class UndefinedColumnError : public PostgresError {
public:
    using PostgresError::PostgresError;
};
/// 55P03: a lock could not be had without waiting, or within `lock_timeout`.
class LockNotAvailableError : public PostgresError {
public:
    using PostgresError::PostgresError;
};
/// 57014: cancelled by another session, or by `statement_timeout`.
class QueryCanceledError : public PostgresError {
public:
    using PostgresError::PostgresError;
};
/// 26000, or 0A000 for a plan whose result type has changed: inside a transaction, a prepared
/// statement cannot be prepared again. Run the transaction again.
class InvalidCachedStatementError : public PostgresError {
public:
    using PostgresError::PostgresError;
};
/// Class 28: the server refused the user or the password.
class AuthorizationError : public PostgresError {
public:
    using PostgresError::PostgresError;
};
/// Thrown when the connection cannot be made, has ended, or ends during a call. Whether a command
/// that was in progress has been executed is not known.
class ConnectionLostError : public PostgresError {
public:
    using PostgresError::PostgresError;
};

/// Thrown by a call that does not fit the state of the connection or the pool.
class InterfaceError : public RuntimeError {
public:
    using RuntimeError::RuntimeError;
};

/// Thrown when a value does not fit the type of its parameter or column: asyncpg's DataError. The
/// text names the parameter or column, its SQL type and the C++ type.
class DataError : public ValueError {
public:
    using ValueError::ValueError;
};

} // namespace hocket::postgres
