#pragma once

#include <cstddef>
#include <functional>
#include <type_traits>
#include <utility>

#include <hocket/detail/sync/queue_base.hpp>
#include <hocket/detail/sync/queue_store.hpp>
#include <hocket/errors.hpp>

namespace hocket {

/// What Queue, PriorityQueue and LifoQueue have in common: all but the order of the items.
///
/// Tasks that `get` and tasks that `put` are served in the order in which they came. `T` need only
/// be movable. For the tasks of one loop: awaiting throws RuntimeError when tasks of another loop
/// waited for this queue before. Must outlive those that wait; who still waits as it is destroyed
/// does so until it is cancelled.
template <class T, class Store> class BasicQueue : public detail::QueueBase {
public:
    using value_type = T;
    using Get = detail::QueueGet<BasicQueue>;
    template <class Item> using Put = detail::QueuePut<BasicQueue, Item>;

    /// For at most `maxsize` items; 0: for as many as there is memory for.
    explicit BasicQueue(std::size_t maxsize = 0) noexcept : QueueBase(maxsize) {}

    /// `co_await queue.put(item)`: waits until there is room, and adds the item. It is copied (or
    /// moved from) when it is added, so it must live until then, as temporaries in the `co_await`
    /// expression do; when the task is cancelled, or the queue shut down, it is left as it was.
    /// Throws QueueShutDown after `shutdown`, also when that comes while the task waits. Converts
    /// to Coro<>, which keeps the item.
    [[nodiscard]] Put<const T> put(const T& item) noexcept { return Put<const T>(*this, item); }
    [[nodiscard]] Put<T> put(T&& item) noexcept { return Put<T>(*this, item); }

    /// Adds the item at once. Throws QueueFull when there is no room (but for tasks that waited for
    /// it and are about to resume), QueueShutDown after `shutdown`.
    void put_nowait(const T& item) { put_now(item); }
    void put_nowait(T&& item) { put_now(std::move(item)); }

    /// `co_await queue.get()`: waits for an item and takes it out. When the task is cancelled
    /// nothing is lost: the item goes to the next. Throws QueueShutDown when the queue is shut down
    /// and empty. Converts to Coro<T>.
    [[nodiscard]] Get get() noexcept { return Get(*this); }

    /// Takes an item out at once. Throws QueueEmpty when there is none (but for tasks that waited
    /// for it and are about to resume); QueueShutDown when the queue is shut down besides.
    T get_nowait() {
        putters_.require_own_thread("Queue");
        if (!claim_item()) [[unlikely]] {
            throw_no_item();
        }
        return take();
    }

    /// The work on an item that was got is done; the last one ends `join`. Throws ValueError when
    /// it was called for every item already.
    void task_done() { finish_one(); }

    /// `co_await queue.join()`: waits until `task_done` was called for every item put. Converts to
    /// Coro<>.
    [[nodiscard]] detail::QueueJoin join() noexcept { return detail::QueueJoin(*this); }

    /// Ends the queue: `put` throws QueueShutDown from now on, `get` as soon as the queue is empty.
    /// With `immediate` it is emptied, as if every item had been got and done. Who waits is woken.
    void shutdown(bool immediate = false) {
        shut_down();
        if (immediate) {
            forget_items(store_.size());
            store_.clear();
        }
    }

    /// How many items there are, also those that a task was woken for and has still to take.
    [[nodiscard]] std::size_t qsize() const noexcept { return store_.size(); }
    /// Whether `get_nowait` would find nothing.
    [[nodiscard]] bool empty() const noexcept { return items_ == 0; }
    /// Whether `put_nowait` would find no room.
    [[nodiscard]] bool full() const noexcept { return room_ == 0; }
    /// 0 when there is no limit.
    [[nodiscard]] std::size_t maxsize() const noexcept { return maxsize_; }

private:
    friend Get;
    template <class Q, class Item> friend class detail::QueuePut;

    /// Takes the item that was claimed or granted.
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
    template <class U> void place(U&& item) {
        try {
            store_.push(std::forward<U>(item));
        } catch (...) {
            reserve_room();
            throw;
        }
        ++unfinished_;
        offer_item();
    }
    /// An item was taken, so that adding one allocates nothing.
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
        place(std::forward<U>(item));
    }

    Store store_;
};

/// Python's asyncio.Queue: hands items from task to task, first in, first out.
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

/// A queue from which the smallest item comes first. Usually of pairs (priority, what to do).
template <class T, class Less = std::less<T>>
class PriorityQueue : public BasicQueue<T, detail::Heap<T, Less>> {
public:
    using BasicQueue<T, detail::Heap<T, Less>>::BasicQueue;
};

/// A queue from which the item comes first that was put last.
template <class T> class LifoQueue : public BasicQueue<T, detail::Stack<T>> {
public:
    using BasicQueue<T, detail::Stack<T>>::BasicQueue;
};

} // namespace hocket
