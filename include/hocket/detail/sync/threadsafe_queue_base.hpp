#pragma once

#include <chrono>
#include <cstddef>
#include <optional>

#include <hocket/detail/loop/deadline.hpp>
#include <hocket/detail/sync/queue_store.hpp>
#include <hocket/detail/sync/threadsafe_wait.hpp>
#include <hocket/detail/sync/threadsafe_wait_queue.hpp>
#include <hocket/errors.hpp>

namespace hocket::detail {

/// The part of a ThreadsafeQueue that does not depend on its items. A getter's permit is an item,
/// which stays in the queue until the getter takes it. A putter's permit is room for one item.
class ThreadsafeQueueBase {
public:
    ThreadsafeQueueBase(const ThreadsafeQueueBase&) = delete;
    ThreadsafeQueueBase& operator=(const ThreadsafeQueueBase&) = delete;

    /// Marks one item returned by `get` as done; the last one ends `join`. Throws ValueError if it
    /// is called more often than there were items.
    void task_done();

    /// `co_await queue.join()`: waits until `task_done` has been called for every item put.
    /// Converts to Coro<>.
    [[nodiscard]] ThreadsafeWait<void> join() noexcept {
        return ThreadsafeWait<void>(joiners_, "ThreadsafeQueue");
    }
    /// Like join, but blocks the thread.
    void join_blocking() { claim_blocking(joiners_); }
    /// Like above, but blocks for at most `timeout`. Returns whether every item is done.
    template <class Rep, class Period>
    bool join_blocking(std::chrono::duration<Rep, Period> timeout) {
        return claim_blocking(joiners_, deadline_after(timeout)) !=
               ThreadsafeWaiter::State::waiting;
    }

    /// Whether `put_nowait` would find no room at this moment.
    [[nodiscard]] bool full() const noexcept { return putters_.count_free() == 0; }
    /// The limit; 0 if there is none.
    [[nodiscard]] std::size_t maxsize() const noexcept { return maxsize_; }

protected:
    explicit ThreadsafeQueueBase(std::size_t maxsize) noexcept;
    ~ThreadsafeQueueBase() = default;

    // Call these with the lock held.

    /// Called when an item was added.
    void count_item() noexcept;
    /// Shuts the queue down while `items` are left. As long as there are any, getters keep waiting,
    /// because an item granted to a getter that cannot use it comes back.
    void end(std::size_t items) noexcept;
    /// Called when an item was taken and `items` are left.
    void end_getters_without(std::size_t items) noexcept {
        if (ended_ && items == 0) [[unlikely]] {
            getters_.end();
        }
    }
    /// Called after `end`, when the queue's `count` items are dropped.
    void forget(std::size_t count) noexcept;
    void throw_if_ended() const {
        if (ended_) [[unlikely]] {
            throw QueueShutDown();
        }
    }

    // Call these without the lock.

    [[noreturn]] void throw_no_item() const;

    mutable SpinLock lock_;
    ThreadsafeWaitQueue getters_{lock_, 0};
    ThreadsafeWaitQueue putters_;
    ThreadsafeWaitQueue joiners_{lock_, ThreadsafeWaitQueue::unlimited};

private:
    const std::size_t maxsize_;
    std::size_t unfinished_ = 0;
    bool ended_ = false;
};

} // namespace hocket::detail
