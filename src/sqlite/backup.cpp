#include <hocket/sqlite/backup.hpp>

#include <sqlite3.h>

#include <hocket/errors.hpp>
#include <hocket/sleep.hpp>
#include <hocket/sqlite/connection.hpp>

#include "sqlite/sqlite_database.hpp"
#include "sqlite/sqlite_error.hpp"
#include "sqlite/sqlite_thread.hpp"

namespace hocket::sqlite {

namespace {

using detail::SqliteDatabase;
using detail::SqliteThread;

/// A backup that is being made. Only the connection's thread uses and destroys it.
class Copy final : public detail::SqliteDetached {
public:
    explicit Copy(std::string path) : path_(std::move(path)) {}
    ~Copy() override { end(); }

    /// Copies up to `pages` pages. Returns false if a database is locked.
    [[nodiscard]] bool step(SqliteDatabase& source, int pages);
    [[nodiscard]] bool is_done() const noexcept { return is_done_; }
    [[nodiscard]] BackupProgress progress() const noexcept { return progress_; }

private:
    void begin(SqliteDatabase& source);
    void end() noexcept {
        ::sqlite3_backup_finish(std::exchange(backup_, nullptr));
        ::sqlite3_close(std::exchange(target_, nullptr));
    }

    std::string path_;
    sqlite3* target_ = nullptr;
    sqlite3_backup* backup_ = nullptr;
    BackupProgress progress_;
    bool is_done_ = false;
};

void Copy::begin(SqliteDatabase& source) {
    const int code = ::sqlite3_open_v2(path_.c_str(), &target_,
                                       SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE |
                                           SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE,
                                       nullptr);
    if (code != SQLITE_OK) {
        detail::throw_sqlite_error(
            code, "cannot open the backup '" + path_ + "': " + ::sqlite3_errstr(code), {});
    }
    backup_ = ::sqlite3_backup_init(target_, "main", source.handle(), "main");
    if (backup_ == nullptr) {
        detail::throw_sqlite_error(target_, ::sqlite3_errcode(target_), {});
    }
}

bool Copy::step(SqliteDatabase& source, int pages) {
    static_cast<void>(source.handle()); // it may have been closed meanwhile
    if (backup_ == nullptr) {
        begin(source);
    }
    const int code = ::sqlite3_backup_step(backup_, pages);
    progress_ = {.remaining = ::sqlite3_backup_remaining(backup_),
                 .total = ::sqlite3_backup_pagecount(backup_)};
    switch (code & 0xff) {
    case SQLITE_DONE:
        is_done_ = true;
        end(); // writes the rest
        return true;
    case SQLITE_OK: return true;
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return false;
    default:
        detail::throw_sqlite_error(
            code, "the backup to '" + path_ + "' failed: " + ::sqlite3_errstr(code), {});
    }
}

class CopyStep final : public detail::SqliteValueRequest<bool> {
public:
    CopyStep(std::shared_ptr<SqliteThread> thread, Copy& copy, int pages)
        : SqliteValueRequest(std::move(thread)), copy_(copy), pages_(pages) {}
    ~CopyStep() { withdraw(); }

private:
    void perform(SqliteDatabase& database) override {
        database.deliver_done();
        value_ = copy_.step(database, pages_);
    }

    Copy& copy_;
    int pages_;
};

/// The copy of a coroutine: its thread destroys it.
class CopyHandle {
public:
    CopyHandle(SqliteThread& thread, std::string path)
        : thread_(thread), copy_(std::make_unique<Copy>(std::move(path))) {}
    CopyHandle(const CopyHandle&) = delete;
    CopyHandle& operator=(const CopyHandle&) = delete;
    ~CopyHandle() { thread_.hand_over(std::move(copy_)); }
    Copy& operator*() noexcept { return *copy_; }
    Copy* operator->() noexcept { return copy_.get(); }

private:
    SqliteThread& thread_;
    std::unique_ptr<Copy> copy_;
};

} // namespace

Coro<> Connection::backup(std::string target, BackupOptions options) const {
    return run_backup(thread(), std::move(target), options, {});
}

Coro<> Connection::run_backup(std::shared_ptr<SqliteThread> thread, std::string target,
                              BackupOptions options, std::function<void(BackupProgress)> progress) {
    if (options.pages == 0 || options.pages < -1) {
        throw ValueError("a backup copies at least one page in a step, or all with -1, not " +
                         std::to_string(options.pages));
    }
    constexpr std::chrono::milliseconds pause_when_locked{10};
    CopyHandle copy(*thread, target);
    std::chrono::milliseconds waited{0};
    while (!copy->is_done()) {
        CopyStep step(thread, *copy, options.pages);
        const bool was_possible = co_await step;
        if (!was_possible) {
            if (waited >= options.busy_timeout) {
                detail::throw_sqlite_error(
                    SQLITE_BUSY, "the backup to '" + target + "' waited for a lock for too long",
                    {});
            }
            waited += pause_when_locked;
            co_await sleep(pause_when_locked);
            continue;
        }
        if (progress) {
            progress(copy->progress());
        }
        if (options.sleep > std::chrono::milliseconds(0) && !copy->is_done()) {
            co_await sleep(options.sleep);
        }
    }
}

} // namespace hocket::sqlite
