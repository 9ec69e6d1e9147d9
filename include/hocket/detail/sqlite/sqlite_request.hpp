#pragma once

#include <atomic>
#include <coroutine>
#include <cstdint>
#include <exception>
#include <memory>
#include <string_view>

#include <hocket/detail/loop/task_base.hpp>
#include <hocket/engine/intrusive_list.hpp>
#include <hocket/engine/operation.hpp>

namespace hocket::detail {

class SqliteDatabase;
class SqliteThread;

/// A piece of work for the thread of a connection, awaited by a task. Stored in the awaiting
/// coroutine's frame: requests that many tasks make in one turn are linked, and the thread takes
/// them without an allocation.
///
/// A cancelled request that the thread has not begun is withdrawn. If it runs, it is interrupted,
/// and the task resumes when the thread has let go of it.
///
/// The coroutine may be destroyed at any time. Each final class calls withdraw() in its destructor,
/// before the thread could find its members gone.
class SqliteRequest : public Operation, public engine::ListLink {
public:
    using hocket_awaitable = void;

    /// How the request relates to transactions.
    enum class Place : std::uint8_t {
        outside, ///< waits while a transaction is open
        inside,  ///< belongs to the open transaction
        opening, ///< like `outside`, and opens a transaction
    };

    explicit SqliteRequest(std::shared_ptr<SqliteThread> thread,
                           Place place = Place::outside) noexcept;

    bool await_ready() const noexcept { return false; }
    template <class P> void await_suspend(std::coroutine_handle<P> caller) {
        task_ = caller.promise().task;
        submit();
        task_->suspend(caller.promise(), *this);
    }
    [[nodiscard]] WaitReason reason() const noexcept override { return {.what = "SQLite"}; }

protected:
    ~SqliteRequest();
    /// Takes the request back from the thread; if it runs, interrupts it and waits for that.
    void withdraw() noexcept;

    [[nodiscard]] const std::shared_ptr<SqliteThread>& thread() const noexcept { return thread_; }
    [[nodiscard]] Place place() const noexcept { return place_; }
    /// Called on resumption: throws if the task was cancelled or the request failed.
    void finish() {
        task_->throw_if_cancelled();
        if (error_) [[unlikely]] {
            std::rethrow_exception(error_);
        }
    }

private:
    friend class SqliteThread;
    enum class State : std::uint8_t {
        idle,    // not submitted, or delivered
        held,    // waits for the end of a transaction
        queued,  // the thread has not begun
        running, // on the thread
        done,    // to be delivered
    };
    enum class Stop : std::uint8_t { none, interrupted, cancelled };

    /// Called on the thread. May throw.
    virtual void perform(SqliteDatabase& database) = 0;

    void submit();
    bool cancel(std::string_view message) noexcept override;

    std::shared_ptr<SqliteThread> thread_;
    TaskBase* task_ = nullptr;
    std::exception_ptr error_;
    std::atomic<State> state_{State::idle};
    std::atomic<Stop> stop_{Stop::none};
    const Place place_;
    std::uint64_t position_ = 0; // in the order in which the requests were made
};

/// Work that no task awaits. The thread performs it in its turn and then destroys it, so it is also
/// the way to destroy what only the thread may touch.
class SqliteDetached : public SqliteRequest {
public:
    SqliteDetached() noexcept : SqliteRequest(nullptr) {}
    virtual ~SqliteDetached() = default;

private:
    void perform(SqliteDatabase&) override {}
};

} // namespace hocket::detail
