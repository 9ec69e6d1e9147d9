#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <thread>

#include <hocket/detail/sqlite/sqlite_request.hpp>
#include <hocket/detail/sync/spin_lock.hpp>
#include <hocket/engine/intrusive_list.hpp>
#include <hocket/engine/ready_queue.hpp>
#include <hocket/event_loop.hpp>

#include "engine/reactor.hpp"
#include "threads/parker.hpp"

namespace hocket::detail {

/// The thread of a connection, and its connection to the loop. If it sleeps, it is woken at the end
/// of the turn, so that it finds the requests of all tasks that ran in that turn; their completions
/// are posted to the loop together.
class SqliteThread final : public std::enable_shared_from_this<SqliteThread>,
                           private engine::Runnable,
                           private engine::TurnEnd {
public:
    /// Starts the thread. Throws std::system_error if that fails.
    explicit SqliteThread(EventLoop& loop);
    /// Ends the thread, which closes the database, and waits for that.
    ~SqliteThread();
    SqliteThread(const SqliteThread&) = delete;
    SqliteThread& operator=(const SqliteThread&) = delete;

    // For the loop's thread.

    /// Throws RuntimeError if the request's task runs on another loop, or has an open transaction
    /// that the request is not part of and would therefore wait for.
    void submit(SqliteRequest& request);
    [[nodiscard]] bool cancel(SqliteRequest& request) noexcept;
    /// For a request whose coroutine is destroyed while it is pending.
    void withdraw(SqliteRequest& request) noexcept;
    /// Has the thread perform and destroy `work` after the requests that are queued.
    void hand_over(std::unique_ptr<SqliteDetached> work) noexcept;
    /// Ends the transaction that `task` has begun, if it has, and lets the held requests go on.
    /// `last_work` is done before them; may be nullptr.
    void end_transaction(std::uint64_t task, std::unique_ptr<SqliteDetached> last_work) noexcept;
    /// Makes the running request fail with InterruptError.
    void interrupt() noexcept;
    /// The number of requests that are not done.
    [[nodiscard]] std::size_t pending() const noexcept {
        return pending_.load(std::memory_order_relaxed);
    }
    /// Whether a transaction was open after the last request.
    [[nodiscard]] bool in_transaction() const noexcept {
        return in_transaction_.load(std::memory_order_relaxed);
    }

    // For the thread.

    /// Posts what is done to the loop. Called before work that may take long.
    void deliver_done() noexcept;
    /// The positions of the running request and of the one that was made last.
    [[nodiscard]] std::uint64_t running_position() const noexcept { return running_->position_; }
    [[nodiscard]] std::uint64_t last_position() const noexcept {
        return last_position_.load(std::memory_order_acquire);
    }
    /// Whether the running request should end.
    [[nodiscard]] bool should_stop() const noexcept;
    /// Sleeps for `time`, or until the running request should end.
    void wait_while_busy(std::chrono::milliseconds time) noexcept;

private:
    void work() noexcept;
    void rest() noexcept;
    void post_done() noexcept;
    /// Returns whether the thread sleeps.
    [[nodiscard]] bool enqueue(SqliteRequest& request) noexcept;
    void enqueue_in_turn(SqliteRequest& request) noexcept;
    void wake_thread() noexcept;
    void stop_running(SqliteRequest::Stop stop) noexcept;
    void run() noexcept override;
    void on_turn_end() noexcept override { wake_thread(); }
    void discard() noexcept override;

    const LoopCore* loop_;
    engine::Reactor& reactor_;
    engine::IntrusiveList<SqliteRequest> held_; // loop's thread only
    std::uint64_t transaction_task_ = 0;        // loop's thread only; 0: no transaction is open

    SpinLock lock_; // guards what follows
    engine::IntrusiveList<SqliteRequest> queue_;
    engine::IntrusiveList<SqliteRequest> done_;
    SqliteRequest* running_ = nullptr;
    std::shared_ptr<SqliteThread> posted_; // this, while run() is posted
    std::size_t undelivered_ = 0;          // in done_, and run() has not been posted for them
    bool is_asleep_ = false;
    bool is_stopping_ = false;

    std::atomic<std::size_t> pending_{0};
    std::atomic<std::uint64_t> last_position_{0};
    std::atomic<bool> has_work_{false};
    std::atomic<bool> in_transaction_{false};
    std::atomic<std::uint32_t> stops_{0}; // counts requests to end a statement
    Parker parker_;
    std::thread thread_;
};

} // namespace hocket::detail
