#pragma once

#include <string>

struct sqlite3;

namespace hocket::detail {

/// Throws the error that `database` has reported last; `code` is what the failed call returned, and
/// `sql` what was run.
[[noreturn]] void throw_sqlite_error(sqlite3* database, int code, const std::string& sql);

/// The same with a text of our own.
[[noreturn]] void throw_sqlite_error(int extended_code, const std::string& message,
                                     const std::string& sql);

} // namespace hocket::detail
