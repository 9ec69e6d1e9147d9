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

/// Hands items between tasks of any loop and threads, first in, first out: Python's queue.Queue and
/// asyncio.Queue in one. Any thread.
///
///     hocket::ThreadsafeQueue<std::string> jobs(100); // putting waits while there are 100
///     jobs.put_blocking("index the mail");            // in a thread
///     std::string job = co_await jobs.get();          // in a task
///
/// Those that wait are served in the order in which they came, tasks and threads alike; waiting
/// allocates nothing. What is called ..._blocking is for threads without a running loop: elsewhere
/// it stops the loop's tasks meanwhile, also those that would end the wait. `T` need only be
/// movable; it is moved under the queue's lock, so moving must not use the queue. Must outlive
/// those that wait; tasks that still wait as it is destroyed do so until they are cancelled.
template <class T> class ThreadsafeQueue : public detail::ThreadsafeQueueBase {
public:
    using value_type = T;
    using Get = detail::ThreadsafeGet<T>;
    template <class Item> using Put = detail::ThreadsafePut<T, Item>;

    /// For at most `maxsize` items; 0: for as many as there is memory for.
    explicit ThreadsafeQueue(std::size_t maxsize = 0) noexcept : ThreadsafeQueueBase(maxsize) {}

    /// `co_await queue.put(item)`: waits until there is room, and adds the item. Throws
    /// QueueShutDown after `shutdown`, also when that comes while the task waits. A task that is
    /// cancelled while it waits adds nothing; a cancellation that comes after the item was added is
    /// thrown at the task's next `co_await`. The first form copies the item at once, the second
    /// moves from it when it is added and until then leaves it as it was. Converts to Coro<>, which
    /// keeps the item.
    [[nodiscard]] Put<T> put(const T& item) { return Put<T>(*this, item); }
    [[nodiscard]] Put<T&> put(T&& item) noexcept { return Put<T&>(*this, item); }

    /// Blocks the thread until there is room, and adds the item. QueueShutDown as for `put`.
    void put_blocking(const T& item) { put_blocking(T(item)); }
    void put_blocking(T&& item) { put_until(item, {}); }
    /// As above, but for no longer than `timeout` (not at all when it is not positive): then throws
    /// QueueFull, and the item is left as it was.
    template <class Rep, class Period>
    void put_blocking(const T& item, std::chrono::duration<Rep, Period> timeout) {
        put_blocking(T(item), timeout);
    }
    template <class Rep, class Period>
    void put_blocking(T&& item, std::chrono::duration<Rep, Period> timeout) {
        put_until(item, detail::deadline_after(timeout));
    }

    /// Adds the item at once. QueueFull when there is no room, QueueShutDown after `shutdown`.
    void put_nowait(const T& item) { put_nowait(T(item)); }
    void put_nowait(T&& item) {
        if (!try_place(item)) {
            throw QueueFull();
        }
    }

    /// `co_await queue.get()`: waits for an item and takes it out. When the task is cancelled, or
    /// its loop closed, nothing is lost: the item it would have taken is the next one's. Throws
    /// QueueShutDown when the queue is shut down and empty. Converts to Coro<T>.
    [[nodiscard]] Get get() noexcept { return Get(*this); }

    /// Blocks the thread until there is an item, and takes it out. QueueShutDown as for `get`.
    T get_blocking() { return get_until({}); }
    /// As above, but for no longer than `timeout` (not at all when it is not positive): then throws
    /// QueueEmpty.
    template <class Rep, class Period> T get_blocking(std::chrono::duration<Rep, Period> timeout) {
        return get_until(detail::deadline_after(timeout));
    }

    /// Takes an item out at once. QueueEmpty when there is none but those that somebody was woken
    /// for; QueueShutDown when the queue is shut down and empty.
    T get_nowait() {
        if (!getters_.try_claim()) {
            throw_no_item();
        }
        return take();
    }

    /// Ends the queue: putting throws QueueShutDown from now on, getting as soon as the queue is
    /// empty. With `immediate` it is emptied, as if every item had been got and done. Who waits is
    /// woken.
    void shutdown(bool immediate = false) {
        detail::Ring<T> dropped; // destroyed without the lock
        const std::scoped_lock lock(lock_);
        end(store_.size());
        if (immediate) {
            dropped.swap(store_);
            forget(dropped.size());
        }
    }

    /// How many items there are, also those that somebody was woken for and has still to take.
    [[nodiscard]] std::size_t qsize() const noexcept {
        const std::scoped_lock lock(lock_);
        return store_.size();
    }
    /// Whether `get_nowait` would find nothing, at this moment.
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
        default: place(item);
        }
    }

    /// Takes the item that was claimed or granted.
    T take() {
        const std::scoped_lock lock(lock_);
        if (store_.size() == 0) {
            throw QueueShutDown(); // it was dropped meanwhile
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
    /// The item that waits longest is added right here, by who made the room, which halves the
    /// switches between threads; unless moving it might throw: that is for its owner to see.
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
    bool try_place(T& item) {
        const std::scoped_lock lock(lock_);
        throw_if_ended();
        if (!putters_.claim()) {
            return false;
        }
        push(item);
        return true;
    }
    /// Fills the room that was granted.
    void place(T& item) {
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
