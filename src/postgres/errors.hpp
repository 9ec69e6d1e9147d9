#pragma once

#include <exception>
#include <string>
#include <string_view>

#include <hocket/postgres/errors.hpp>

#include "postgres/libpq.hpp"

namespace hocket::detail::postgres {

/// The exception for a result that reports an error.
[[nodiscard]] std::exception_ptr error_of(const PGresult* result, const std::string& query);
/// The same for fields that are already known: chooses the class by the SQLSTATE.
[[nodiscard]] std::exception_ptr make_error(hocket::postgres::ErrorFields fields);
/// The exception for a connection that has ended or could not be made.
[[nodiscard]] std::exception_ptr connection_lost(std::string_view message);
[[nodiscard]] hocket::postgres::ErrorFields fields_of(const PGresult* result);

} // namespace hocket::detail::postgres
