#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace hocket::sqlite {

/// How a database keeps transactions whole: PRAGMA journal_mode.
enum class JournalMode : std::uint8_t {
    unchanged, ///< what the file has; a new file: a rollback journal
    wal,       ///< write-ahead log: readers and the writer do not wait for each other
    rollback,  ///< a rollback journal (PRAGMA journal_mode = DELETE)
};

/// When data is forced to the disk: PRAGMA synchronous.
enum class Synchronous : std::uint8_t {
    unchanged, ///< SQLite's default, which is `full`
    off,       ///< never: a power failure may destroy the database
    normal,    ///< with a WAL: a power failure may lose the last transactions, and nothing else
    full,      ///< a committed transaction survives a power failure
};

/// Options of `connect`.
struct ConnectOptions {
    bool read_only = false;    ///< Writing fails with OperationalError.
    bool create = true;        ///< False: the file must exist.
    bool uri = false;          ///< The path is a URI, as in "file:data.db?mode=ro".
    bool foreign_keys = false; ///< Enforce FOREIGN KEY, which SQLite does not do by default.
    /// For a database in memory or one opened for reading, it stays as it is.
    JournalMode journal_mode = JournalMode::wal;
    Synchronous synchronous = Synchronous::unchanged;
    /// How long a statement waits for another connection's lock: Python's `timeout`. Afterwards it
    /// throws BusyError.
    std::chrono::milliseconds busy_timeout = std::chrono::seconds(5);
    /// How many prepared statements are kept: Python's `cached_statements`.
    std::size_t cached_statements = 128;
};

} // namespace hocket::sqlite
