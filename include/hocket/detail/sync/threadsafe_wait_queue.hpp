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

/// Who waits in a ThreadsafeWaitQueue: a task of any loop, or a blocked thread. Lives in the
/// awaiter, in the awaiting coroutine's frame, or on the blocked thread's stack.
class ThreadsafeWaiter : public engine::ListLink {
public:
    enum class State : std::uint8_t {
        waiting,
        granted,     // a permit is its own, to be given back if it cannot use it
        served,      // woken, with nothing to give back
        completed,   // what it waited to do was done for it: too late for a cancellation
        turned_away, // the queue has ended
        orphaned,    // the object that it was granted by is gone
    };

    /// How it stands. While it waits, that is for the queue's lock to guard; once it was woken,
    /// nobody changes it any more.
    [[nodiscard]] State state() const noexcept { return state_; }
    /// Takes a permit or joins `queue`. True: it need not wait, see `state`.
    bool enter(ThreadsafeWaitQueue& queue) noexcept;
    /// Leaves the queue. Returns how the wait has ended: `waiting` when nobody woke it.
    State leave() noexcept;
    /// Leaves the queue if nobody woke it; false when somebody did.
    bool withdraw() noexcept;
    /// Leaves the queue, and gives back what it was granted.
    void give_up() noexcept;

    void* item = nullptr; // what a queue's putter brings

protected:
    ~ThreadsafeWaiter() = default;

private:
    friend class ThreadsafeWaitQueue;
    /// Called once, under the queue's lock: as who was woken leaves the queue under that lock too,
    /// this is still there when the call returns.
    virtual void wake() noexcept = 0;

    ThreadsafeWaitQueue* queue_ = nullptr; // nullptr: in none
    State state_ = State::waiting;
};

/// Permits, and who waits for one: first come, first served, be they tasks or threads. Guarded by
/// the lock of the object that it is a part of.
///
/// A permit that comes free goes to who waits longest. It is that waiter's from then on: nobody
/// gets in between, and if it cannot use it (its task is cancelled, or its loop closed) it hands it
/// on to the next. Those that were woken stay listed until they leave: the destructor finds them.
class ThreadsafeWaitQueue {
public:
    using State = ThreadsafeWaiter::State;
    /// As many permits as there can be: they never run out.
    static constexpr std::size_t unlimited = std::numeric_limits<std::size_t>::max();

    ThreadsafeWaitQueue(SpinLock& lock, std::size_t free) noexcept : lock_(lock), free_(free) {}
    ThreadsafeWaitQueue(const ThreadsafeWaitQueue&) = delete;
    ThreadsafeWaitQueue& operator=(const ThreadsafeWaitQueue&) = delete;
    /// Who still waits does so until it is cancelled, or its time is over.
    ~ThreadsafeWaitQueue();

    // With the lock held:

    /// The permits that are nobody's. While there is one, nobody waits.
    [[nodiscard]] std::size_t free() const noexcept { return free_; }
    /// Takes a permit if there is one.
    [[nodiscard]] bool claim() noexcept {
        if (free_ == 0) {
            return false;
        }
        free_ -= free_ == unlimited ? 0 : 1;
        return true;
    }
    /// Gives permits to those that wait longest, and keeps the rest.
    void offer(std::size_t count = 1) noexcept {
        for (; count > 0 && !waiting_.empty(); --count) {
            wake_first(State::granted);
        }
        free_ += free_ == unlimited ? 0 : count;
    }
    /// From now on nobody need wait.
    void open() noexcept {
        free_ = unlimited;
        wake_all(State::served);
    }
    /// From now on there are no permits.
    void close() noexcept { free_ = 0; }
    /// From now on nobody may wait: who would have to is turned away.
    void end() noexcept {
        ended_ = true;
        wake_all(State::turned_away);
    }
    [[nodiscard]] bool has_ended() const noexcept { return ended_; }
    /// Who waits longest; nullptr when nobody does.
    [[nodiscard]] ThreadsafeWaiter* first() const noexcept { return waiting_.front(); }
    void wake_first(State outcome) noexcept;

    // Without it:

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
    engine::IntrusiveList<ThreadsafeWaiter> woken_; // and have not left yet
};

/// Blocks this thread until there is a permit for it, or `deadline` has come (`waiting` then).
/// `item` is what a queue's putter brings.
ThreadsafeWaiter::State
claim_blocking(ThreadsafeWaitQueue& queue,
               std::optional<std::chrono::steady_clock::time_point> deadline = {},
               void* item = nullptr);

} // namespace hocket::detail
