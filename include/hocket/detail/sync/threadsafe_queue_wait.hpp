#pragma once

#include <coroutine>
#include <type_traits>
#include <utility>

#include <hocket/detail/sync/threadsafe_wait.hpp>
#include <hocket/errors.hpp>

namespace hocket {

template <class T> class ThreadsafeQueue;

namespace detail {

template <class T> class [[nodiscard]] ThreadsafeGet {
public:
    using hocket_awaitable = void;
    using value_type = T;

    explicit ThreadsafeGet(ThreadsafeQueue<T>& queue) noexcept : queue_(queue) {}
    operator Coro<T>() const { // NOLINT(google-explicit-constructor): Python's is a coroutine
        return await_in_coro<ThreadsafeGet, ThreadsafeQueue<T>&>(queue_);
    }

    bool await_ready() noexcept { return queue_.getters_.try_claim(); }
    template <class P> bool await_suspend(std::coroutine_handle<P> caller) {
        return waiter_.make().wait_in(queue_.getters_, caller);
    }
    T await_resume() {
        if (waiter_ && waiter_->resume("ThreadsafeQueue") == ThreadsafeWaiter::State::turned_away) {
            throw QueueShutDown();
        }
        return queue_.take();
    }

private:
    ThreadsafeQueue<T>& queue_;
    LazyWaiter<ThreadsafeTaskWaiter> waiter_;
};

template <class T, class Item> Coro<void> put_in_coro(ThreadsafeQueue<T>& queue, Item item) {
    co_await queue.put(std::move(item));
}

/// `Item` is T if it keeps a copy, and T& if it moves from the caller's item.
template <class T, class Item> class [[nodiscard]] ThreadsafePut {
public:
    using hocket_awaitable = void;
    using value_type = void;

    template <class U>
    ThreadsafePut(ThreadsafeQueue<T>& queue, U& item) : queue_(queue), item_(item) {}
    operator Coro<void>() { // NOLINT(google-explicit-constructor): Python's is a coroutine
        return put_in_coro<T, T>(queue_, std::move(item_));
    }

    bool await_ready() { return queue_.try_store(item_); }
    template <class P> bool await_suspend(std::coroutine_handle<P> caller) {
        ThreadsafeTaskWaiter& waiter = waiter_.make();
        waiter.item = &item_;
        return waiter.wait_in(queue_.putters_, caller);
    }
    void await_resume() {
        if (!waiter_) {
            return;
        }
        switch (waiter_->resume("ThreadsafeQueue")) {
        case ThreadsafeWaiter::State::turned_away: throw QueueShutDown();
        case ThreadsafeWaiter::State::completed: break;
        default: queue_.store(item_);
        }
    }

private:
    ThreadsafeQueue<T>& queue_;
    Item item_;
    LazyWaiter<ThreadsafeTaskWaiter> waiter_;
};

} // namespace detail

} // namespace hocket
