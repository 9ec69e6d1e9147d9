#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <type_traits>
#include <utility>

#include <hocket/detail/loop/deadline.hpp>
#include <hocket/detail/sync/threadsafe_queue_base.hpp>
#include <hocket/detail/sync/threadsafe_queue_wait.hpp>

namespace hocket {

/// Passes items between threads and the tasks of any loop, first in, first out: Python's
/// queue.Queue and asyncio.Queue in one. May be used from any thread.
///
///     hocket::ThreadsafeQueue<std::string> jobs(100); // putting waits while there are 100
///     jobs.put_blocking("index the mail");            // in a thread
///     std::string job = co_await jobs.get();          // in a task
///
/// Waiting tasks and threads are served in order of arrival; waiting allocates nothing. The
/// functions named ..._blocking are for threads without a running loop: on a loop's thread they
/// block all its tasks, including those that would end the wait. `T` need only be movable; it is
/// moved under the queue's lock, so moving it must not use the queue. The queue must outlive its
/// waiters: tasks still waiting when it is destroyed stay suspended until they are cancelled.
template <class T> class ThreadsafeQueue : public detail::ThreadsafeQueueBase {
public:
    using value_type = T;
    using Get = detail::ThreadsafeGet<T>;
    template <class Item> using Put = detail::ThreadsafePut<T, Item>;

    /// Holds at most `maxsize` items; 0 means no limit.
    explicit ThreadsafeQueue(std::size_t maxsize = 0) noexcept : ThreadsafeQueueBase(maxsize) {}

    /// `co_await queue.put(item)`: waits until there is room, then adds the item. Throws
    /// QueueShutDown after `shutdown`, even if that is called while the task waits. A task that is
    /// cancelled while it waits adds nothing; a cancellation that arrives after the item was added
    /// is thrown at the task's next `co_await`. The first overload copies the item at once; the
    /// second moves from it only when it is added, and leaves it unchanged until then. Converts to
    /// Coro<>, which keeps the item.
    [[nodiscard]] Put<T> put(const T& item) { return Put<T>(*this, item); }
    [[nodiscard]] Put<T&> put(T&& item) noexcept { return Put<T&>(*this, item); }

    /// Blocks the thread until there is room, then adds the item. Throws QueueShutDown as `put`
    /// does.
    void put_blocking(const T& item) { put_blocking(T(item)); }
    void put_blocking(T&& item) { put_until(item, {}); }
    /// The same, but blocks for at most `timeout` (not at all if it is zero or negative), then
    /// throws QueueFull and leaves the item unchanged.
    template <class Rep, class Period>
    void put_blocking(const T& item, std::chrono::duration<Rep, Period> timeout) {
        put_blocking(T(item), timeout);
    }
    template <class Rep, class Period>
    void put_blocking(T&& item, std::chrono::duration<Rep, Period> timeout) {
        put_until(item, detail::deadline_after(timeout));
    }

    /// Adds the item at once. Throws QueueFull if there is no room, and QueueShutDown after
    /// `shutdown`.
    void put_nowait(const T& item) { put_nowait(T(item)); }
    void put_nowait(T&& item) {
        if (!try_store(item)) {
            throw QueueFull();
        }
    }

    /// `co_await queue.get()`: waits for an item, then removes and returns it. If the task is
    /// cancelled or its loop is closed, the item it would have taken goes to the next waiter.
    /// Throws QueueShutDown if the queue is shut down and empty. Converts to Coro<T>.
    [[nodiscard]] Get get() noexcept { return Get(*this); }

    /// Blocks the thread until there is an item, then removes and returns it. Throws QueueShutDown
    /// as `get` does.
    T get_blocking() { return get_until({}); }
    /// The same, but blocks for at most `timeout` (not at all if it is zero or negative), then
    /// throws QueueEmpty.
    template <class Rep, class Period> T get_blocking(std::chrono::duration<Rep, Period> timeout) {
        return get_until(detail::deadline_after(timeout));
    }

    /// Removes and returns an item at once. Throws QueueEmpty if there is none (items promised to a
    /// waiter that was woken do not count), and QueueShutDown if the queue is shut down and empty.
    T get_nowait() {
        if (!getters_.try_claim()) {
            throw_no_item();
        }
        return take();
    }

    /// Shuts down the queue: from now on putting throws QueueShutDown, and getting does so once the
    /// queue is empty. With `immediate` the queue is emptied, as if every item had been taken and
    /// marked done. Wakes all waiters.
    void shutdown(bool immediate = false) {
        detail::Ring<T> dropped; // destroyed without the lock
        const std::scoped_lock lock(lock_);
        end(store_.size());
        if (immediate) {
            dropped.swap(store_);
            forget(dropped.size());
        }
    }

    /// The number of items, including those promised to a waiter that was woken but has not taken
    /// its item yet.
    [[nodiscard]] std::size_t qsize() const noexcept {
        const std::scoped_lock lock(lock_);
        return store_.size();
    }
    /// Whether `get_nowait` would find no item at this moment.
    [[nodiscard]] bool empty() const noexcept {
        const std::scoped_lock lock(lock_);
        return getters_.free() == 0 || store_.size() == 0;
    }

private:
    friend Get;
    template <class U, class Item> friend class detail::ThreadsafePut;
    using State = detail::ThreadsafeWaiter::State;
    using Deadline = std::optional<std::chrono::steady_clock::time_point>;

    T get_until(Deadline deadline) {
        switch (detail::claim_blocking(getters_, deadline)) {
        case State::waiting: throw QueueEmpty();
        case State::turned_away: throw QueueShutDown();
        default: return take();
        }
    }
    void put_until(T& item, Deadline deadline) {
        switch (detail::claim_blocking(putters_, deadline, &item)) {
        case State::waiting: throw QueueFull();
        case State::turned_away: throw QueueShutDown();
        case State::completed: break;
        default: store(item);
        }
    }

    /// Removes the item that was claimed or granted.
    T take() {
        const std::scoped_lock lock(lock_);
        if (store_.size() == 0) {
            throw QueueShutDown(); // an immediate shutdown dropped it in the meantime
        }
        T item = pop();
        end_getters_without(store_.size());
        offer_room();
        return item;
    }
    T pop() {
        try {
            return store_.pop();
        } catch (...) {
            getters_.offer();
            throw;
        }
    }
    /// Adds the item that has waited longest right here, on the thread that made the room, which
    /// halves the number of thread switches. If moving the item might throw, its owner is woken
    /// instead, to receive the exception.
    void offer_room() noexcept {
        detail::ThreadsafeWaiter* const putter = putters_.first();
        if (std::is_nothrow_move_constructible_v<T> && putter != nullptr) {
            store_.push(std::move(*static_cast<T*>(putter->item)));
            putters_.wake_first(State::completed);
            count_item();
        } else {
            putters_.offer();
        }
    }

    /// Adds the item if there is room.
    bool try_store(T& item) {
        const std::scoped_lock lock(lock_);
        throw_if_ended();
        if (!putters_.claim()) {
            return false;
        }
        push(item);
        return true;
    }
    /// Fills the room that was granted.
    void store(T& item) {
        const std::scoped_lock lock(lock_);
        throw_if_ended();
        push(item);
    }
    void push(T& item) {
        try {
            store_.push(std::move(item));
        } catch (...) {
            putters_.offer();
            throw;
        }
        count_item();
    }

    detail::Ring<T> store_;
};

} // namespace hocket
