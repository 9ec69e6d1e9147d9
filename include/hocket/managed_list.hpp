#pragma once

#include <algorithm>
#include <cstddef>
#include <deque>
#include <iterator>
#include <stdexcept>
#include <utility>
#include <vector>

#include <hocket/detail/processes/manager/managed_update.hpp>

namespace hocket {

/// A proxy for a list held by a Manager; see ManagedDict for what all proxies have in common. An
/// index outside the list throws std::out_of_range.
template <class T> class ManagedList : public detail::ManagedReference {
    using Items = std::deque<T>;

public:
    ManagedList() noexcept = default; ///< Refers to no list.
    explicit ManagedList(detail::ManagedReference reference) noexcept
        : ManagedReference(std::move(reference)) {}

    void append(const T& item) const {
        ask<Items>([](Items& items, T last) { items.push_back(std::move(last)); }, item);
    }
    void extend(const std::vector<T>& more) const {
        ask<Items>(
            [](Items& items, const std::vector<T>& last) {
                items.insert(items.end(), last.begin(), last.end());
            },
            more);
    }
    /// Inserts `item` before the item at `index`; appends it if `index` is past the end.
    void insert(std::size_t index, const T& item) const {
        ask<Items>(
            [](Items& items, std::size_t at, T between) {
                at = std::min(at, items.size());
                items.insert(items.begin() + static_cast<std::ptrdiff_t>(at), std::move(between));
            },
            index, item);
    }
    [[nodiscard]] T get(std::size_t index) const {
        return ask<Items>([](Items& items, std::size_t at) -> const T& { return items.at(at); },
                          index);
    }
    void set(std::size_t index, const T& item) const {
        ask<Items>([](Items& items, std::size_t at, T to) { items.at(at) = std::move(to); }, index,
                   item);
    }
    /// Removes and returns the last item, or the one at `index`. Throws std::out_of_range if there
    /// is none.
    T pop() const {
        return ask<Items>([](Items& items) { return take(items, items.size() - 1); });
    }
    T pop(std::size_t index) const {
        return ask<Items>([](Items& items, std::size_t at) { return take(items, at); }, index);
    }
    void clear() const {
        ask<Items>([](Items& items) { items.clear(); });
    }
    [[nodiscard]] std::size_t size() const {
        return ask<Items>([](Items& items) { return items.size(); });
    }
    /// Returns a copy of the whole list.
    [[nodiscard]] std::vector<T> to_vector() const {
        return ask<Items>([](Items& items) { return std::vector<T>(items.begin(), items.end()); });
    }
    /// Changes one item in the manager, as one atomic step; see ManagedDict::update.
    template <class F, class... Args>
    detail::UpdateResult<F, T, Args...> update(std::size_t index, const F& function,
                                               const Args&... args) const {
        return ask<Items>(
            [](Items& items, std::size_t at, const detail::RemoteCallee<std::decay_t<F>>& call,
               auto&&... values) {
                return detail::update_value(items.at(at), call, std::move(values)...);
            },
            index, detail::RemoteCallee<std::decay_t<F>>(function), args...);
    }

private:
    static T take(Items& items, std::size_t at) {
        T item = std::move(items.at(at));
        items.erase(items.begin() + static_cast<std::ptrdiff_t>(at));
        return item;
    }
};

} // namespace hocket
