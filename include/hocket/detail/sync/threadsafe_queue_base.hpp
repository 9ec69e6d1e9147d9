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

/// What a ThreadsafeQueue is apart from its items. A getter's permit is an item, which stays in the
/// queue until the getter takes it; a putter's permit is room for one.
class ThreadsafeQueueBase {
public:
    ThreadsafeQueueBase(const ThreadsafeQueueBase&) = delete;
    ThreadsafeQueueBase& operator=(const ThreadsafeQueueBase&) = delete;

    /// The work on an item that was got is done; the last one ends `join`. Throws ValueError when
    /// it was called for every item already.
    void task_done();

    /// `co_await queue.join()`: waits until `task_done` was called for every item put. Converts to
    /// Coro<>.
    [[nodiscard]] ThreadsafeWait<void> join() noexcept {
        return ThreadsafeWait<void>(joiners_, "ThreadsafeQueue");
    }
    /// Blocks the thread until then.
    void join_blocking() { claim_blocking(joiners_); }
    /// As above, but for no longer than `timeout`. Returns whether every item is done.
    template <class Rep, class Period>
    bool join_blocking(std::chrono::duration<Rep, Period> timeout) {
        return claim_blocking(joiners_, deadline_after(timeout)) !=
               ThreadsafeWaiter::State::waiting;
    }

    /// Whether `put_nowait` would find no room, at this moment.
    [[nodiscard]] bool full() const noexcept { return putters_.count_free() == 0; }
    /// 0 when there is no limit.
    [[nodiscard]] std::size_t maxsize() const noexcept { return maxsize_; }

protected:
    explicit ThreadsafeQueueBase(std::size_t maxsize) noexcept;
    ~ThreadsafeQueueBase() = default;

    // With the lock held:

    /// An item was added.
    void count_item() noexcept;
    /// The queue has ended, with `items` left. As long as there are any, getters wait on: one that
    /// was granted to somebody who cannot use it comes back.
    void end(std::size_t items) noexcept;
    /// An item was taken, which leaves `items`.
    void end_getters_without(std::size_t items) noexcept {
        if (ended_ && items == 0) [[unlikely]] {
            getters_.end();
        }
    }
    /// The queue has ended and its `count` items are dropped.
    void forget(std::size_t count) noexcept;
    void throw_if_ended() const {
        if (ended_) [[unlikely]] {
            throw QueueShutDown();
        }
    }

    // Without it:

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
