#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include <hocket/detail/processes/manager/held_list.hpp>
#include <hocket/detail/processes/manager/managed_reference.hpp>

namespace hocket {

/// A proxy for a list held by a Manager; see ManagedDict for what all proxies have in common. An
/// index outside the list throws std::out_of_range.
template <class T> class ManagedList : public detail::ManagedReference {
    using Held = detail::HeldList<T>;

public:
    ManagedList() noexcept = default; ///< Refers to no list.
    explicit ManagedList(detail::ManagedReference reference) noexcept
        : ManagedReference(std::move(reference)) {}

    void append(const T& item) const { ask<&Held::append>(item); }
    [[nodiscard]] Coro<> append_async(const T& item) const {
        return ask_async<&Held::append>(item);
    }

    void extend(const std::vector<T>& more) const { ask<&Held::extend>(more); }
    [[nodiscard]] Coro<> extend_async(const std::vector<T>& more) const {
        return ask_async<&Held::extend>(more);
    }

    /// Inserts `item` before the item at `index`; appends it if `index` is past the end.
    void insert(std::size_t index, const T& item) const { ask<&Held::insert>(index, item); }
    [[nodiscard]] Coro<> insert_async(std::size_t index, const T& item) const {
        return ask_async<&Held::insert>(index, item);
    }

    [[nodiscard]] T get(std::size_t index) const { return ask<&Held::get>(index); }
    [[nodiscard]] Coro<T> get_async(std::size_t index) const {
        return ask_async<&Held::get>(index);
    }

    void set(std::size_t index, const T& item) const { ask<&Held::set>(index, item); }
    [[nodiscard]] Coro<> set_async(std::size_t index, const T& item) const {
        return ask_async<&Held::set>(index, item);
    }

    /// Removes and returns the last item, or the one at `index`. Throws std::out_of_range if there
    /// is none.
    T pop() const { return ask<&Held::pop_last>(); }
    T pop(std::size_t index) const { return ask<&Held::pop>(index); }
    [[nodiscard]] Coro<T> pop_async() const { return ask_async<&Held::pop_last>(); }
    [[nodiscard]] Coro<T> pop_async(std::size_t index) const {
        return ask_async<&Held::pop>(index);
    }

    void clear() const { ask<&Held::clear>(); }
    [[nodiscard]] Coro<> clear_async() const { return ask_async<&Held::clear>(); }

    [[nodiscard]] std::size_t size() const { return ask<&Held::size>(); }
    [[nodiscard]] Coro<std::size_t> size_async() const { return ask_async<&Held::size>(); }

    /// Returns a copy of the whole list.
    [[nodiscard]] std::vector<T> to_vector() const { return ask<&Held::to_vector>(); }
    [[nodiscard]] Coro<std::vector<T>> to_vector_async() const {
        return ask_async<&Held::to_vector>();
    }

    /// Changes one item in the manager, as one atomic step; see ManagedDict::update.
    template <class F, class... Args>
    detail::UpdateResult<F, T, Args...> update(std::size_t index, const F& function,
                                               const Args&... args) const {
        return ask<&Held::template update<std::decay_t<F>, detail::Carried<Args>...>>(
            index, detail::RemoteCallee<std::decay_t<F>>(function), args...);
    }
    template <class F, class... Args>
    [[nodiscard]] Coro<detail::UpdateResult<F, T, Args...>>
    update_async(std::size_t index, const F& function, const Args&... args) const {
        return ask_async<&Held::template update<std::decay_t<F>, detail::Carried<Args>...>>(
            index, detail::RemoteCallee<std::decay_t<F>>(function), args...);
    }
};

} // namespace hocket
