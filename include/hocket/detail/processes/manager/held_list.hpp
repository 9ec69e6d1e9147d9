#pragma once

#include <algorithm>
#include <cstddef>
#include <deque>
#include <iterator>
#include <utility>
#include <vector>

#include <hocket/detail/processes/manager/managed_update.hpp>

namespace hocket::detail {

/// The list inside the manager. ManagedList says what the functions do.
template <class T> class HeldList {
public:
    void append(T item) { items_.push_back(std::move(item)); }
    void extend(std::vector<T> more) {
        items_.insert(items_.end(), std::move_iterator(more.begin()),
                      std::move_iterator(more.end()));
    }
    void insert(std::size_t index, T item) {
        items_.insert(position(std::min(index, items_.size())), std::move(item));
    }
    [[nodiscard]] const T& get(std::size_t index) const { return items_.at(index); }
    void set(std::size_t index, T item) { items_.at(index) = std::move(item); }
    T pop_last() { return pop(items_.size() - 1); }
    T pop(std::size_t index) {
        T item = std::move(items_.at(index));
        items_.erase(position(index));
        return item;
    }
    void clear() { items_.clear(); }
    [[nodiscard]] std::size_t size() const { return items_.size(); }
    [[nodiscard]] std::vector<T> to_vector() const { return {items_.begin(), items_.end()}; }
    template <class F, class... Args>
    UpdateResult<F, T, Args...> update(std::size_t index, const RemoteCallee<F>& function,
                                       Args... args) {
        return update_value(items_.at(index), function, std::move(args)...);
    }

private:
    auto position(std::size_t index) { return items_.begin() + static_cast<std::ptrdiff_t>(index); }

    std::deque<T> items_;
};

} // namespace hocket::detail
