#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <hocket/coro.hpp>
#include <hocket/sqlite/connection.hpp>

namespace hocket::sqlite {

/// Options of `create_pool`.
struct PoolOptions {
    std::size_t readers = 4; ///< Connections for reading, each with a thread.
    ConnectOptions connection = {};
};

/// One connection for writing and several for reading, to one file with a WAL. Reads run side by
/// side, and beside the writer; each sees what was committed before it began. This is a handle, as
/// Connection is.
class Pool {
public:
    /// Like those of Connection, on the reading connection with the least to do. The statement must
    /// not write: OperationalError.
    template <class... P> requires ParametersOf<P...>
    auto fetchone(std::string sql, P&&... parameters) const {
        return reader().fetchone(std::move(sql), std::forward<P>(parameters)...);
    }
    template <class... P> requires ParametersOf<P...>
    auto fetchall(std::string sql, P&&... parameters) const {
        return reader().fetchall(std::move(sql), std::forward<P>(parameters)...);
    }
    template <class... P> requires ParametersOf<P...>
    auto iterate(std::string sql, P&&... parameters) const {
        return reader().iterate(std::move(sql), std::forward<P>(parameters)...);
    }

    /// Like those of Connection, on the writing connection.
    template <class... P> requires ParametersOf<P...>
    auto execute(std::string sql, P&&... parameters) const {
        return writer().execute(std::move(sql), std::forward<P>(parameters)...);
    }
    Coro<Result> executemany(std::string sql, std::vector<Parameters> rows) const {
        return writer().executemany(std::move(sql), std::move(rows));
    }
    Coro<> executescript(std::string script) const {
        return writer().executescript(std::move(script));
    }
    template <TransactionBody F>
    auto transaction(F&& body, TransactionMode mode = TransactionMode::immediate) const {
        return writer().transaction(std::forward<F>(body), mode);
    }

    /// The connection for writing, for what else there is: statements that write and return rows,
    /// backups.
    [[nodiscard]] const Connection& writer() const noexcept { return connections_->writer; }
    /// The reading connection with the least to do; the next one at each call, if all are idle.
    [[nodiscard]] const Connection& reader() const noexcept;
    /// Closes all connections; see Connection::close.
    Coro<> close() const;

    /// Internal.
    Pool(Connection writer, std::vector<Connection> readers);

private:
    struct Connections {
        Connection writer;
        std::vector<Connection> readers;
        std::size_t next = 0;
    };
    static Coro<> close_all(std::shared_ptr<Connections> connections);

    std::shared_ptr<Connections> connections_;
};

/// Opens a pool for the database in the file `path`. Throws ValueError if there is no reader, or
/// the database is not in a file, or the options contradict what a pool is; otherwise like
/// `connect`.
Coro<Pool> create_pool(std::string path, PoolOptions options = {});

} // namespace hocket::sqlite
