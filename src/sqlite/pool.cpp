#include <hocket/sqlite/pool.hpp>

#include <hocket/errors.hpp>

namespace hocket::sqlite {

Pool::Pool(Connection writer, std::vector<Connection> readers)
    : connections_(
          std::make_shared<Connections>(Connections{std::move(writer), std::move(readers), 0})) {}

const Connection& Pool::reader() const noexcept {
    const std::vector<Connection>& readers = connections_->readers;
    const std::size_t first = connections_->next++ % readers.size();
    std::size_t best = first;
    for (std::size_t i = 1; i < readers.size() && readers[best].pending() > 0; ++i) {
        const std::size_t other = (first + i) % readers.size();
        if (readers[other].pending() < readers[best].pending()) {
            best = other;
        }
    }
    return readers[best];
}

Coro<> Pool::close() const { return close_all(connections_); }

Coro<> Pool::close_all(std::shared_ptr<Connections> connections) {
    for (const Connection& reader : connections->readers) {
        co_await reader.close();
    }
    co_await connections->writer.close();
}

Coro<Pool> create_pool(std::string path, PoolOptions options) {
    if (options.readers == 0) {
        throw ValueError("a pool needs at least one connection for reading");
    }
    if (path.empty() || path == ":memory:") {
        throw ValueError("the connections of a pool share a file: '" + path + "' is none");
    }
    if (options.connection.read_only || options.connection.journal_mode != JournalMode::wal) {
        throw ValueError("a pool writes, with a WAL: leave read_only and journal_mode as they are");
    }
    Connection writer = co_await connect(path, options.connection);
    options.connection.read_only = true;
    std::vector<Connection> readers;
    while (readers.size() < options.readers) {
        readers.push_back(co_await connect(path, options.connection));
    }
    co_return Pool(std::move(writer), std::move(readers));
}

} // namespace hocket::sqlite
