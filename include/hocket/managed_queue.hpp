#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <utility>

#include <hocket/detail/loop/deadline.hpp>
#include <hocket/detail/processes/manager/managed_reference.hpp>
#include <hocket/errors.hpp>
#include <hocket/queue.hpp>
#include <hocket/wait.hpp>

namespace hocket {

/// A proxy for a queue held by a Manager: Python's manager.Queue. See ManagedDict for what all
/// proxies have in common. `put` and `get` block only the calling thread, and waiters are served in
/// order of arrival. If a process dies at the moment it receives an item, that item is lost.
template <class T> class ManagedQueue : public detail::ManagedReference {
    using Items = Queue<T>;

public:
    ManagedQueue() noexcept = default; ///< Refers to no queue.
    explicit ManagedQueue(detail::ManagedReference reference) noexcept
        : ManagedReference(std::move(reference)) {}

    /// Blocks until there is room, then adds the item.
    void put(const T& item) const { put_within(item, for_ever); }
    /// Throws QueueFull if `timeout` passes first.
    template <class Rep, class Period>
    void put(const T& item, std::chrono::duration<Rep, Period> timeout) const {
        put_within(item, detail::to_nanoseconds(timeout).count());
    }
    /// Throws QueueFull if there is no room.
    void put_nowait(const T& item) const {
        ask<Items>([](Items& items, T last) { items.put_nowait(std::move(last)); }, item);
    }
    /// Blocks until there is an item, then removes and returns it.
    T get() const { return get_within(for_ever); }
    /// Throws QueueEmpty if `timeout` passes first.
    template <class Rep, class Period> T get(std::chrono::duration<Rep, Period> timeout) const {
        return get_within(detail::to_nanoseconds(timeout).count());
    }
    /// Throws QueueEmpty if there is no item.
    T get_nowait() const {
        return ask<Items>([](Items& items) { return items.get_nowait(); });
    }

    [[nodiscard]] std::size_t qsize() const {
        return ask<Items>([](Items& items) { return items.qsize(); });
    }
    [[nodiscard]] bool empty() const {
        return ask<Items>([](Items& items) { return items.empty(); });
    }
    [[nodiscard]] bool full() const {
        return ask<Items>([](Items& items) { return items.full(); });
    }

private:
    static constexpr std::int64_t for_ever = -1;

    void put_within(const T& item, std::int64_t timeout) const {
        ask<Items>([](Items& items, T last,
                      std::int64_t limit) { return put_at_manager(items, std::move(last), limit); },
                   item, timeout);
    }
    T get_within(std::int64_t timeout) const {
        return ask<Items>(
            [](Items& items, std::int64_t limit) { return get_at_manager(items, limit); }, timeout);
    }

    static Coro<> put_at_manager(Items& items, T item, std::int64_t timeout) {
        if (timeout == for_ever) {
            co_await items.put(std::move(item));
            co_return;
        }
        if (!items.full()) {
            items.put_nowait(std::move(item));
            co_return;
        }
        try {
            Coro<> putting = items.put(std::move(item));
            co_await wait_for(std::move(putting), std::chrono::nanoseconds(timeout));
            co_return;
        } catch (const TimeoutError&) {
        }
        throw QueueFull();
    }
    static Coro<T> get_at_manager(Items& items, std::int64_t timeout) {
        if (timeout == for_ever) {
            co_return co_await items.get();
        }
        if (!items.empty()) {
            co_return items.get_nowait();
        }
        try {
            Coro<T> getting = items.get();
            co_return co_await wait_for(std::move(getting), std::chrono::nanoseconds(timeout));
        } catch (const TimeoutError&) {
        }
        throw QueueEmpty();
    }
};

} // namespace hocket
