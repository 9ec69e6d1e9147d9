#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <utility>
#include <variant>

#include <hocket/detail/loop/deadline.hpp>
#include <hocket/detail/processes/manager/held_queue.hpp>
#include <hocket/detail/processes/manager/managed_reference.hpp>

namespace hocket {

/// A proxy for a queue held by a Manager: Python's manager.Queue. See ManagedDict for what all
/// proxies have in common. `put` and `get` block only the calling thread, and waiters are served in
/// order of arrival. If a process dies at the moment it receives an item, that item is lost.
template <class T> class ManagedQueue : public detail::ManagedReference {
    using Held = detail::HeldQueue<T>;

public:
    ManagedQueue() noexcept = default; ///< Refers to no queue.
    explicit ManagedQueue(detail::ManagedReference reference) noexcept
        : ManagedReference(std::move(reference)) {}

    /// Blocks until there is room, then adds the item.
    void put(const T& item) const { ask<&Held::put>(item, detail::no_timeout); }
    /// Throws QueueFull if `timeout` passes first.
    template <class Rep, class Period>
    void put(const T& item, std::chrono::duration<Rep, Period> timeout) const {
        ask<&Held::put>(item, detail::to_nanoseconds(timeout).count());
    }
    /// Throws QueueFull if there is no room.
    void put_nowait(const T& item) const { ask<&Held::put_nowait>(item); }
    /// Suspends the task until there is room. If the task is cancelled while the manager adds the
    /// item, the item stays in the queue.
    [[nodiscard]] Coro<> put_async(const T& item) const {
        return ask_async<&Held::put>(item, detail::no_timeout);
    }

    /// Blocks until there is an item, then removes and returns it.
    T get() const { return ask<&Held::get>(detail::no_timeout); }
    /// Throws QueueEmpty if `timeout` passes first.
    template <class Rep, class Period> T get(std::chrono::duration<Rep, Period> timeout) const {
        return ask<&Held::get>(detail::to_nanoseconds(timeout).count());
    }
    /// Throws QueueEmpty if there is no item.
    T get_nowait() const { return ask<&Held::get_nowait>(); }
    /// Suspends the task until there is an item. Cancelling it loses no item.
    [[nodiscard]] Coro<T> get_async() const { return take(*this); }

    [[nodiscard]] std::size_t qsize() const { return ask<&Held::qsize>(); }
    [[nodiscard]] Coro<std::size_t> qsize_async() const { return ask_async<&Held::qsize>(); }
    [[nodiscard]] bool empty() const { return ask<&Held::empty>(); }
    [[nodiscard]] Coro<bool> empty_async() const { return ask_async<&Held::empty>(); }
    [[nodiscard]] bool full() const { return ask<&Held::full>(); }
    [[nodiscard]] Coro<bool> full_async() const { return ask_async<&Held::full>(); }

private:
    static Coro<T> take(ManagedQueue queue) {
        std::optional<T> item;
        if (auto cancelled = co_await queue.ask_into<&Held::get>(item, detail::no_timeout)) {
            if (item) {
                std::optional<std::monostate> done;
                co_await queue.ask_into<&Held::give_back>(done, *item);
            }
            std::rethrow_exception(cancelled);
        }
        co_return *std::move(item);
    }
};

} // namespace hocket
