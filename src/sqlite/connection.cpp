#include <hocket/sqlite/connection.hpp>

#include <hocket/errors.hpp>

#include "sqlite/sqlite_database.hpp"
#include "sqlite/sqlite_thread.hpp"

namespace hocket::sqlite {

namespace {

using detail::SqliteDatabase;
using detail::SqliteThread;
using Place = detail::SqliteRequest::Place;

class Opening final : public detail::SqliteRequest {
public:
    Opening(std::shared_ptr<SqliteThread> thread, std::string path, const ConnectOptions& options)
        : SqliteRequest(std::move(thread)), path_(std::move(path)), options_(options) {}
    ~Opening() { withdraw(); }
    void await_resume() { finish(); }

private:
    void perform(SqliteDatabase& database) override { database.open(path_, options_); }

    std::string path_;
    ConnectOptions options_;
};

class Closing final : public detail::SqliteRequest {
public:
    using SqliteRequest::SqliteRequest;
    ~Closing() { withdraw(); }
    void await_resume() { finish(); }

private:
    void perform(SqliteDatabase& database) override {
        database.deliver_done();
        database.close();
    }
};

/// Commits or rolls back what a statement has begun, if there is something.
class Ending final : public detail::SqliteRequest {
public:
    Ending(std::shared_ptr<SqliteThread> thread, bool commits)
        : SqliteRequest(std::move(thread)), commits_(commits) {}
    ~Ending() { withdraw(); }
    void await_resume() { finish(); }

private:
    void perform(SqliteDatabase& database) override {
        database.deliver_done();
        static_cast<void>(database.handle());
        if (database.in_transaction()) {
            database.run(commits_ ? "COMMIT" : "ROLLBACK");
        }
    }

    bool commits_;
};

Coro<> end(std::shared_ptr<SqliteThread> thread, bool commits) {
    Ending ending(std::move(thread), commits);
    co_await ending;
}

Coro<> run_close(std::shared_ptr<SqliteThread> thread) {
    Closing closing(std::move(thread));
    co_await closing;
}

} // namespace

// Not coroutines: they may be called on a temporary.

Coro<> Connection::commit() const { return end(thread(), true); }

Coro<> Connection::rollback() const { return end(thread(), false); }

bool Connection::in_transaction() const noexcept { return thread()->in_transaction(); }

void Connection::interrupt() const noexcept { thread()->interrupt(); }

Coro<> Connection::close() const { return run_close(thread()); }

std::size_t Connection::pending() const noexcept { return thread()->pending(); }

Coro<Connection> connect(std::string path, ConnectOptions options) {
    if (options.busy_timeout < std::chrono::milliseconds(0)) {
        throw ValueError("busy_timeout must be at least 0, not " +
                         std::to_string(options.busy_timeout.count()) + " ms");
    }
    if (path.find('\0') != std::string::npos) {
        throw ValueError("the path of a database contains a zero byte");
    }
    const auto thread = std::make_shared<SqliteThread>(get_running_loop());
    Opening opening(thread, std::move(path), options);
    co_await opening;
    co_return Connection(thread);
}

} // namespace hocket::sqlite
