#pragma once

/// SQLite, awaited: a thread runs the statements of a connection, and tasks await their results.
/// The names are those of aiosqlite and of Python's sqlite3 where they have them. Link
/// `hocket::sqlite`.

#include <hocket/sqlite/backup.hpp>
#include <hocket/sqlite/connect_options.hpp>
#include <hocket/sqlite/connection.hpp>
#include <hocket/sqlite/errors.hpp>
#include <hocket/sqlite/parameters.hpp>
#include <hocket/sqlite/pool.hpp>
#include <hocket/sqlite/row.hpp>
#include <hocket/sqlite/statements.hpp>
#include <hocket/sqlite/transaction.hpp>
#include <hocket/sqlite/value.hpp>
