#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <utility>

#include <hocket/coro.hpp>
#include <hocket/detail/processes/manager/manager_request.hpp>
#include <hocket/errors.hpp>
#include <hocket/queue.hpp>
#include <hocket/wait.hpp>

namespace hocket::detail {

/// The queue inside the manager. ManagedQueue says what the functions do. Timeouts are in
/// nanoseconds, or `no_timeout`.
template <class T> class HeldQueue {
public:
    explicit HeldQueue(std::size_t maxsize) : items_(maxsize) {}

    Coro<> put(T item, std::int64_t timeout) {
        if (timeout == no_timeout) {
            co_await items_.put(std::move(item));
            co_return;
        }
        if (!items_.full()) {
            items_.put_nowait(std::move(item));
            co_return;
        }
        try {
            Coro<> putting = items_.put(std::move(item));
            co_await wait_for(std::move(putting), std::chrono::nanoseconds(timeout));
            co_return;
        } catch (const TimeoutError&) {
        }
        throw QueueFull();
    }
    void put_nowait(T item) { items_.put_nowait(std::move(item)); }

    Coro<T> get(std::int64_t timeout) {
        if (!returned_.empty() || (timeout != no_timeout && !items_.empty())) {
            co_return get_nowait();
        }
        const Getting getting(*this);
        if (timeout == no_timeout) {
            co_return co_await items_.get();
        }
        try {
            Coro<T> taking = items_.get();
            co_return co_await wait_for(std::move(taking), std::chrono::nanoseconds(timeout));
        } catch (const TimeoutError&) {
        }
        throw QueueEmpty();
    }
    T get_nowait() {
        if (returned_.empty()) {
            return items_.get_nowait();
        }
        T item = std::move(returned_.front());
        returned_.pop_front();
        return item;
    }
    /// Takes back an item that `get` removed for a client which no longer wanted it. It is the next
    /// one that `get` returns.
    void give_back(T item) {
        if (getting_ > 0 && !items_.full()) {
            items_.put_nowait(std::move(item));
        } else {
            returned_.push_front(std::move(item));
        }
    }

    [[nodiscard]] std::size_t qsize() const { return items_.qsize() + returned_.size(); }
    [[nodiscard]] bool empty() const { return items_.empty() && returned_.empty(); }
    [[nodiscard]] bool full() const { return items_.full(); }

private:
    /// Counts a waiting `get`.
    class Getting {
    public:
        explicit Getting(HeldQueue& queue) noexcept : queue_(queue) { ++queue_.getting_; }
        ~Getting() { --queue_.getting_; }
        Getting(const Getting&) = delete;
        Getting& operator=(const Getting&) = delete;

    private:
        HeldQueue& queue_;
    };

    Queue<T> items_;
    std::deque<T> returned_; // before all in items_
    std::size_t getting_ = 0;
};

} // namespace hocket::detail
