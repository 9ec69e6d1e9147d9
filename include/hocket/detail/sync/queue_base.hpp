#pragma once

#include <cstddef>
#include <type_traits>
#include <utility>

#include <hocket/detail/sync/waiter.hpp>

namespace hocket::detail {

/// The part of a queue that does not depend on its items: which tasks wait for items and which for
/// room, and how many items and how much room are not reserved.
///
/// An item put while a getter waits is stored and reserved for that getter, whose task resumes in
/// the next turn. No later caller can take it, which Python's queue allows. Until then it counts in
/// `qsize`, as in Python, but `empty` and `get_nowait` consider only items that are not reserved,
/// so that `get_nowait` agrees with `empty`.
///
/// When an item is taken, the room goes to the putter that has waited longest: its item is added at
/// once, and its task resumes in the next turn with the put complete. This halves the number of
/// task switches if the queue is small. A cancellation that arrives in between cannot take the item
/// back; it is thrown at the task's next `co_await`. If adding the item might throw, the room is
/// reserved instead, and the putter adds the item when it resumes.
class QueueBase {
public:
    QueueBase(const QueueBase&) = delete;
    QueueBase& operator=(const QueueBase&) = delete;

protected:
    explicit QueueBase(std::size_t maxsize) noexcept;
    ~QueueBase() = default;

    friend class QueueWaiter;
    friend class QueueJoin;

    // These claim an item or room, if some is not reserved.
    [[nodiscard]] bool claim_item() noexcept {
        if (items_ == 0) {
            return false;
        }
        --items_;
        return true;
    }
    [[nodiscard]] bool claim_room() noexcept {
        if (room_ == 0 || shut_down_) {
            return false;
        }
        --room_;
        return true;
    }
    // These give an item or room to the task that has waited longest, or make it available to all.
    void offer_item() noexcept {
        if (getters_.has_waiting()) {
            getters_.grant_first();
        } else {
            ++items_;
        }
    }
    void reserve_room() noexcept {
        if (putters_.has_waiting()) {
            putters_.grant_first();
        } else {
            ++room_;
        }
    }

    /// After a shutdown nothing more is put. The remaining getters only have to wait until the
    /// getters woken before them have taken their items or given them back.
    void recall_if_shut_down() noexcept {
        if (shut_down_) [[unlikely]] {
            getters_.recall_all();
        }
    }

    void finish_one();
    void shut_down();
    /// Called after a shutdown, when the queue's `count` items are dropped.
    void forget_items(std::size_t count) noexcept;

    void throw_if_shut_down() const {
        if (shut_down_) [[unlikely]] {
            throw_shut_down();
        }
    }
    [[noreturn]] static void throw_shut_down();
    [[noreturn]] void throw_no_item() const;
    [[noreturn]] void throw_no_room() const;

    std::size_t maxsize_;
    std::size_t items_ = 0; // not reserved
    std::size_t room_;      // not reserved
    std::size_t unfinished_ = 0;
    bool shut_down_ = false;
    WaitQueue getters_;
    WaitQueue putters_;
    WaitQueue joiners_;
};

/// Waits for an item or for room.
class QueueWaiter : public Waiter {
public:
    /// Called on resumption. Returns if the task has been granted an item or room by `waiters`;
    /// throws otherwise.
    void collect_grant(QueueBase& queue, WaitQueue& waiters) {
        const bool cancelled = task().take_cancellation();
        if (cancelled || state() != State::granted) [[unlikely]] {
            check_again(queue, waiters, cancelled);
        }
        waiters.remove(*this);
    }
    [[nodiscard]] WaitReason reason() const noexcept override { return {.what = "Queue"}; }

private:
    void check_again(QueueBase& queue, WaitQueue& waiters, bool cancelled);
};

/// Waits for room for its item.
template <class T> class QueuePutter final : public QueueWaiter {
public:
    QueuePutter(T& put_item, bool is_copied) noexcept : item(put_item), copies(is_copied) {}

    T& item; // must not be modified if `copies`
    const bool copies;
};

class QueueJoiner final : public Waiter {
public:
    [[nodiscard]] WaitReason reason() const noexcept override { return {.what = "Queue's tasks"}; }
};

class [[nodiscard]] QueueJoin {
public:
    using hocket_awaitable = void;
    using value_type = void;

    explicit QueueJoin(QueueBase& queue) noexcept : queue_(queue) {}
    operator Coro<void>() const; // NOLINT(google-explicit-constructor): Python's is a coroutine

    bool await_ready() const noexcept { return queue_.unfinished_ == 0; }
    template <class P> void await_suspend(std::coroutine_handle<P> caller) {
        waiter_.make().wait_in(queue_.joiners_, caller, "Queue");
    }
    void await_resume() {
        if (waiter_) {
            waiter_->throw_if_not_granted("Queue");
        }
    }

private:
    QueueBase& queue_;
    LazyWaiter<QueueJoiner> waiter_;
};

template <class Q> class [[nodiscard]] QueueGet {
public:
    using hocket_awaitable = void;
    using value_type = typename Q::value_type;

    explicit QueueGet(Q& queue) noexcept : queue_(queue) {}
    operator Coro<value_type>()
        const { // NOLINT(google-explicit-constructor): Python's is a coroutine
        return await_in_coro<QueueGet, Q&>(queue_);
    }

    bool await_ready() const {
        if (queue_.claim_item()) {
            return true;
        }
        // Items reserved for other tasks may come back.
        if (queue_.qsize() == 0) {
            queue_.throw_if_shut_down();
        }
        return false;
    }
    template <class P> void await_suspend(std::coroutine_handle<P> caller) {
        waiter_.make().wait_in(queue_.getters_, caller, "Queue");
        queue_.recall_if_shut_down();
    }
    value_type await_resume() {
        if (waiter_) {
            waiter_->collect_grant(queue_, queue_.getters_);
        }
        return queue_.take();
    }

private:
    Q& queue_;
    LazyWaiter<QueueWaiter> waiter_;
};

/// The item is copied if `Item` is const, otherwise moved from.
template <class Q, class Item> class [[nodiscard]] QueuePut {
public:
    using hocket_awaitable = void;
    using value_type = void;

    QueuePut(Q& queue, Item& item) noexcept : queue_(queue), item_(item) {}
    operator Coro<void>() const { // NOLINT(google-explicit-constructor): Python's is a coroutine
        return put_in_coro(queue_, pass_item());
    }

    bool await_ready() const {
        if (queue_.claim_room()) {
            return true;
        }
        queue_.throw_if_shut_down();
        return false;
    }
    template <class P> void await_suspend(std::coroutine_handle<P> caller) {
        putter_.make(const_cast<T&>(item_), std::is_const_v<Item>)
            .wait_in(queue_.putters_, caller, "Queue");
    }
    void await_resume() {
        if (putter_) {
            if (putter_->state() == Waiter::State::served) {
                return; // a cancellation is thrown at the task's next co_await
            }
            putter_->collect_grant(queue_, queue_.putters_);
        }
        queue_.store(pass_item());
    }

private:
    using T = typename Q::value_type;
    using Passed = std::conditional_t<std::is_const_v<Item>, Item&, Item&&>;
    [[nodiscard]] Passed pass_item() const noexcept { return static_cast<Passed>(item_); }

    static Coro<void> put_in_coro(Q& queue, T item) { co_await queue.put(std::move(item)); }

    Q& queue_;
    Item& item_;
    LazyWaiter<QueuePutter<T>> putter_;
};

} // namespace hocket::detail
