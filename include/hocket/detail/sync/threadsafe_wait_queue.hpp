#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <mutex>
#include <optional>

#include <hocket/detail/sync/spin_lock.hpp>
#include <hocket/engine/intrusive_list.hpp>

namespace hocket::detail {

class ThreadsafeWaitQueue;

/// A waiter in a ThreadsafeWaitQueue: a task of any loop or a blocked thread. Stored in the
/// awaiting coroutine's frame or on the blocked thread's stack.
class ThreadsafeWaiter : public engine::ListLink {
public:
    enum class State : std::uint8_t {
        waiting,
        granted,     // has a permit, which it must give back if it cannot use it
        served,      // woken, with nothing to give back
        completed,   // its operation was done on its behalf; too late for a cancellation
        turned_away, // the queue has ended
        orphaned,    // the object that granted the permit was destroyed
    };

    /// While the waiter waits, its state is guarded by the queue's lock; once it is woken, the
    /// state does not change any more.
    [[nodiscard]] State state() const noexcept { return state_; }
    /// Takes a permit or joins `queue`. Returns true if it need not wait; see `state`.
    bool enter(ThreadsafeWaitQueue& queue) noexcept;
    /// Leaves the queue. Returns how the wait ended: `waiting` if it was not woken.
    State leave() noexcept;
    /// Leaves the queue if it has not been woken. Returns false if it has.
    bool withdraw() noexcept;
    /// Leaves the queue and gives back its permit, if it was granted one.
    void give_up() noexcept;

    void* item = nullptr; // the item that a queue's putter wants to add

protected:
    ~ThreadsafeWaiter() = default;

private:
    friend class ThreadsafeWaitQueue;
    /// Called once, under the queue's lock. A woken waiter leaves the queue under the same lock, so
    /// it still exists when the call returns.
    virtual void wake() noexcept = 0;

    ThreadsafeWaitQueue* queue_ = nullptr; // nullptr if it is in no queue
    State state_ = State::waiting;
};

/// Permits and the tasks and threads that wait for them; first come, first served. Guarded by the
/// lock of the object that contains it.
///
/// A permit that becomes free goes to the waiter that has waited longest, and no other can take it.
/// If that waiter cannot use it (its task is cancelled or its loop closed), it passes it on to the
/// next. Woken waiters stay listed until they leave, so that the destructor finds them.
class ThreadsafeWaitQueue {
public:
    using State = ThreadsafeWaiter::State;
    /// A number of permits that never runs out.
    static constexpr std::size_t unlimited = std::numeric_limits<std::size_t>::max();

    ThreadsafeWaitQueue(SpinLock& lock, std::size_t free) noexcept : lock_(lock), free_(free) {}
    ThreadsafeWaitQueue(const ThreadsafeWaitQueue&) = delete;
    ThreadsafeWaitQueue& operator=(const ThreadsafeWaitQueue&) = delete;
    /// Waiters that have not been woken keep waiting until they are cancelled or time out.
    ~ThreadsafeWaitQueue();

    // Call these with the lock held.

    /// The number of free permits. While there are any, there are no waiters.
    [[nodiscard]] std::size_t free() const noexcept { return free_; }
    /// Takes a permit if there is one.
    [[nodiscard]] bool claim() noexcept {
        if (free_ == 0) {
            return false;
        }
        free_ -= free_ == unlimited ? 0 : 1;
        return true;
    }
    /// Gives permits to the waiters that have waited longest and keeps the rest.
    void offer(std::size_t count = 1) noexcept {
        for (; count > 0 && !waiting_.empty(); --count) {
            wake_first(State::granted);
        }
        free_ += free_ == unlimited ? 0 : count;
    }
    /// From now on no caller has to wait.
    void open() noexcept {
        free_ = unlimited;
        wake_all(State::served);
    }
    /// From now on there are no permits.
    void close() noexcept { free_ = 0; }
    /// From now on no caller may wait: those that would have to are turned away.
    void end() noexcept {
        ended_ = true;
        wake_all(State::turned_away);
    }
    [[nodiscard]] bool has_ended() const noexcept { return ended_; }
    /// The waiter that has waited longest; nullptr if there is none.
    [[nodiscard]] ThreadsafeWaiter* first() const noexcept { return waiting_.front(); }
    void wake_first(State outcome) noexcept;

    // Call these without the lock.

    [[nodiscard]] std::size_t count_free() const noexcept {
        const std::scoped_lock lock(lock_);
        return free_;
    }
    [[nodiscard]] bool try_claim() noexcept {
        const std::scoped_lock lock(lock_);
        return claim();
    }

private:
    friend ThreadsafeWaiter;
    void wake_all(State outcome) noexcept;
    void remove(ThreadsafeWaiter& waiter) noexcept;

    SpinLock& lock_;
    std::size_t free_;
    bool ended_ = false;
    engine::IntrusiveList<ThreadsafeWaiter> waiting_;
    engine::IntrusiveList<ThreadsafeWaiter> woken_; // those that have not left yet
};

/// Blocks this thread until it gets a permit or `deadline` has passed (it then returns `waiting`).
/// `item` is the item that a queue's putter wants to add.
ThreadsafeWaiter::State
claim_blocking(ThreadsafeWaitQueue& queue,
               std::optional<std::chrono::steady_clock::time_point> deadline = {},
               void* item = nullptr);

} // namespace hocket::detail
