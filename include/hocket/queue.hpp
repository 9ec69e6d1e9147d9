#pragma once

#include <cstddef>
#include <functional>
#include <type_traits>
#include <utility>

#include <hocket/detail/sync/queue_base.hpp>
#include <hocket/detail/sync/queue_store.hpp>
#include <hocket/errors.hpp>

namespace hocket {

/// The common part of Queue, PriorityQueue and LifoQueue: everything but the order of the items.
///
/// Tasks waiting in `get` and tasks waiting in `put` are served in order of arrival. `T` need only
/// be movable. For the tasks of one loop: awaiting throws RuntimeError if tasks of another loop
/// have waited for this queue before. The queue must outlive its waiters: tasks still waiting when
/// it is destroyed stay suspended until they are cancelled.
template <class T, class Store> class BasicQueue : public detail::QueueBase {
public:
    using value_type = T;
    using Get = detail::QueueGet<BasicQueue>;
    template <class Item> using Put = detail::QueuePut<BasicQueue, Item>;

    /// Holds at most `maxsize` items; 0 means no limit.
    explicit BasicQueue(std::size_t maxsize = 0) noexcept : QueueBase(maxsize) {}

    /// `co_await queue.put(item)`: waits until there is room, then adds the item. The item is
    /// copied or moved from only when it is added, so it must live until then, as temporaries in
    /// the `co_await` expression do. If the task is cancelled or the queue is shut down, the item
    /// is unchanged. Throws QueueShutDown after `shutdown`, even if that is called while the task
    /// waits. Converts to Coro<>, which keeps the item.
    [[nodiscard]] Put<const T> put(const T& item) noexcept { return Put<const T>(*this, item); }
    [[nodiscard]] Put<T> put(T&& item) noexcept { return Put<T>(*this, item); }

    /// Adds the item at once. Throws QueueFull if there is no room (room promised to a waiting task
    /// that is about to resume does not count), and QueueShutDown after `shutdown`.
    void put_nowait(const T& item) { put_now(item); }
    void put_nowait(T&& item) { put_now(std::move(item)); }

    /// `co_await queue.get()`: waits for an item, then removes and returns it. If the task is
    /// cancelled, the item goes to the next waiter. Throws QueueShutDown if the queue is shut down
    /// and empty. Converts to Coro<T>.
    [[nodiscard]] Get get() noexcept { return Get(*this); }

    /// Removes and returns an item at once. Throws QueueEmpty if there is none (items promised to a
    /// waiting task that is about to resume do not count), and QueueShutDown if the queue is also
    /// shut down.
    T get_nowait() {
        putters_.require_own_thread("Queue");
        if (!claim_item()) [[unlikely]] {
            throw_no_item();
        }
        return take();
    }

    /// Marks one item returned by `get` as done; the last one ends `join`. Throws ValueError if it
    /// is called more often than there were items.
    void task_done() { finish_one(); }

    /// `co_await queue.join()`: waits until `task_done` has been called for every item put.
    /// Converts to Coro<>.
    [[nodiscard]] detail::QueueJoin join() noexcept { return detail::QueueJoin(*this); }

    /// Shuts down the queue: from now on `put` throws QueueShutDown, and `get` does so once the
    /// queue is empty. With `immediate` the queue is emptied, as if every item had been taken and
    /// marked done. Wakes all waiting tasks.
    void shutdown(bool immediate = false) {
        shut_down();
        if (immediate) {
            forget_items(store_.size());
            store_.clear();
        }
    }

    /// The number of items, including those promised to a task that was woken but has not resumed
    /// yet.
    [[nodiscard]] std::size_t qsize() const noexcept { return store_.size(); }
    /// Whether `get_nowait` would find no item.
    [[nodiscard]] bool empty() const noexcept { return items_ == 0; }
    /// Whether `put_nowait` would find no room.
    [[nodiscard]] bool full() const noexcept { return room_ == 0; }
    /// The limit; 0 if there is none.
    [[nodiscard]] std::size_t maxsize() const noexcept { return maxsize_; }

private:
    friend Get;
    template <class Q, class Item> friend class detail::QueuePut;

    /// Removes the item that was claimed or granted.
    T take() {
        T item = pop();
        offer_room();
        return item;
    }
    T pop() {
        try {
            return store_.pop();
        } catch (...) {
            offer_item();
            throw;
        }
    }
    /// Fills the room that was claimed or granted.
    template <class U> void store(U&& item) {
        try {
            store_.push(std::forward<U>(item));
        } catch (...) {
            reserve_room();
            throw;
        }
        ++unfinished_;
        offer_item();
    }
    /// Called after an item was removed, so adding one allocates nothing.
    void offer_room() noexcept {
        if (!putters_.has_waiting()) {
            ++room_;
        } else if (!add_first_putter()) {
            putters_.grant_first();
        }
    }
    bool add_first_putter() noexcept {
        if constexpr (Store::refill_is_noexcept) {
            auto& putter = static_cast<detail::QueuePutter<T>&>(putters_.first_waiting());
            if (!putter.copies) {
                store_.push(std::move(putter.item));
            } else if constexpr (std::is_nothrow_copy_constructible_v<T>) {
                store_.push(std::as_const(putter.item));
            } else {
                return false;
            }
            putters_.release_first(detail::Waiter::State::served);
            ++unfinished_;
            offer_item();
            return true;
        } else {
            return false;
        }
    }
    template <class U> void put_now(U&& item) {
        getters_.require_own_thread("Queue");
        if (!claim_room()) [[unlikely]] {
            throw_no_room();
        }
        store(std::forward<U>(item));
    }

    Store store_;
};

/// Python's asyncio.Queue: passes items between tasks, first in, first out.
///
///     hocket::Queue<int> queue(10); // put() waits while there are 10
///     co_await queue.put(1);
///     const int item = co_await queue.get();
///     queue.task_done();
///     co_await queue.join();
template <class T> class Queue : public BasicQueue<T, detail::Ring<T>> {
public:
    using BasicQueue<T, detail::Ring<T>>::BasicQueue;
};

/// A queue that returns the smallest item first. Items are usually pairs of a priority and a value.
template <class T, class Less = std::less<T>>
class PriorityQueue : public BasicQueue<T, detail::Heap<T, Less>> {
public:
    using BasicQueue<T, detail::Heap<T, Less>>::BasicQueue;
};

/// A queue that returns the most recently added item first.
template <class T> class LifoQueue : public BasicQueue<T, detail::Stack<T>> {
public:
    using BasicQueue<T, detail::Stack<T>>::BasicQueue;
};

} // namespace hocket
