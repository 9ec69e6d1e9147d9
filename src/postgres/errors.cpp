#include "postgres/errors.hpp"

#include <cstdlib>
#include <utility>

namespace hocket::postgres {

namespace {

std::string describe(const ErrorFields& fields) {
    std::string text = fields.message;
    if (!fields.sqlstate.empty()) {
        text += " (SQLSTATE " + fields.sqlstate + ")";
    }
    if (!fields.detail.empty()) {
        text += "; detail: " + fields.detail;
    }
    if (!fields.hint.empty()) {
        text += "; hint: " + fields.hint;
    }
    if (fields.position > 0) {
        text += "; at character " + std::to_string(fields.position) + " of: " + fields.query;
    }
    return text;
}

} // namespace

PostgresError::PostgresError(ErrorFields fields)
    : std::runtime_error(describe(fields)), fields_(std::move(fields)) {}

} // namespace hocket::postgres

namespace hocket::detail::postgres {

namespace pg = hocket::postgres;

namespace {

std::string field(const PGresult* result, int code) {
    const char* const text = ::PQresultErrorField(result, code);
    return text != nullptr ? text : "";
}

template <class E> std::exception_ptr make(pg::ErrorFields& fields) {
    return std::make_exception_ptr(E(std::move(fields)));
}

using Maker = std::exception_ptr (*)(pg::ErrorFields&);
constexpr std::pair<std::string_view, Maker> makers[] = {
    {"23505", make<pg::UniqueViolationError>},
    {"23503", make<pg::ForeignKeyViolationError>},
    {"23502", make<pg::NotNullViolationError>},
    {"23514", make<pg::CheckViolationError>},
    {"40001", make<pg::SerializationError>},
    {"40P01", make<pg::DeadlockDetectedError>},
    {"25P02", make<pg::InFailedTransactionError>},
    {"42601", make<pg::SyntaxError>},
    {"42P01", make<pg::UndefinedTableError>},
    {"42703", make<pg::UndefinedColumnError>},
    {"55P03", make<pg::LockNotAvailableError>},
    {"57014", make<pg::QueryCanceledError>},
    {"26000", make<pg::InvalidCachedStatementError>},
    // The server ends the connection after these.
    {"57P01", make<pg::ConnectionLostError>},
    {"57P02", make<pg::ConnectionLostError>},
    {"57P03", make<pg::ConnectionLostError>},
    {"57P05", make<pg::ConnectionLostError>},
    {"25P03", make<pg::ConnectionLostError>},
    // The rest of a class.
    {"08", make<pg::ConnectionLostError>},
    {"23", make<pg::IntegrityConstraintViolationError>},
    {"28", make<pg::AuthorizationError>},
    {"40", make<pg::TransactionRollbackError>},
};

} // namespace

pg::ErrorFields fields_of(const PGresult* result) {
    pg::ErrorFields fields;
    fields.severity = field(result, PG_DIAG_SEVERITY_NONLOCALIZED);
    fields.sqlstate = field(result, PG_DIAG_SQLSTATE);
    fields.message = field(result, PG_DIAG_MESSAGE_PRIMARY);
    fields.detail = field(result, PG_DIAG_MESSAGE_DETAIL);
    fields.hint = field(result, PG_DIAG_MESSAGE_HINT);
    fields.position = std::atoi(field(result, PG_DIAG_STATEMENT_POSITION).c_str());
    fields.schema = field(result, PG_DIAG_SCHEMA_NAME);
    fields.table = field(result, PG_DIAG_TABLE_NAME);
    fields.column = field(result, PG_DIAG_COLUMN_NAME);
    fields.data_type = field(result, PG_DIAG_DATATYPE_NAME);
    fields.constraint = field(result, PG_DIAG_CONSTRAINT_NAME);
    fields.context = field(result, PG_DIAG_CONTEXT);
    return fields;
}

std::exception_ptr make_error(pg::ErrorFields fields) {
    for (const auto& [code, maker] : makers) {
        if (fields.sqlstate.starts_with(code)) {
            return maker(fields);
        }
    }
    return make<pg::PostgresError>(fields);
}

std::exception_ptr error_of(const PGresult* result, const std::string& query) {
    pg::ErrorFields fields = fields_of(result);
    fields.query = query;
    if (fields.sqlstate.empty()) { // written by libpq, not by the server
        return connection_lost(::PQresultErrorMessage(result));
    }
    // The plan of a cached statement returns another type than before. Its code is that of all
    // features that are not supported, so the function that reports it tells them apart.
    if (fields.sqlstate == "0A000" &&
        field(result, PG_DIAG_SOURCE_FUNCTION) == "RevalidateCachedQuery") {
        return make<pg::InvalidCachedStatementError>(fields);
    }
    return make_error(std::move(fields));
}

std::exception_ptr connection_lost(std::string_view message) {
    while (message.ends_with('\n')) {
        message.remove_suffix(1);
    }
    pg::ErrorFields fields;
    fields.severity = "FATAL";
    fields.sqlstate = "08006";
    fields.message = message.empty() ? "the connection has ended" : std::string(message);
    return make_error(std::move(fields));
}

} // namespace hocket::detail::postgres
