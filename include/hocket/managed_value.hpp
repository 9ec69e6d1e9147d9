#pragma once

#include <utility>

#include <hocket/detail/processes/manager/held_value.hpp>
#include <hocket/detail/processes/manager/managed_reference.hpp>

namespace hocket {

/// A proxy for one value held by a Manager; see ManagedDict for what all proxies have in common.
template <class T> class ManagedValue : public detail::ManagedReference {
    using Held = detail::HeldValue<T>;

public:
    ManagedValue() noexcept = default; ///< Refers to no value.
    explicit ManagedValue(detail::ManagedReference reference) noexcept
        : ManagedReference(std::move(reference)) {}

    [[nodiscard]] T get() const { return ask<&Held::get>(); }
    [[nodiscard]] Coro<T> get_async() const { return ask_async<&Held::get>(); }

    void set(const T& value) const { ask<&Held::set>(value); }
    [[nodiscard]] Coro<> set_async(const T& value) const { return ask_async<&Held::set>(value); }

    /// Changes the value in the manager, as one atomic step; see ManagedDict::update.
    template <class F, class... Args>
    detail::UpdateResult<F, T, Args...> update(const F& function, const Args&... args) const {
        return ask<&Held::template update<std::decay_t<F>, detail::Carried<Args>...>>(
            detail::RemoteCallee<std::decay_t<F>>(function), args...);
    }
    template <class F, class... Args>
    [[nodiscard]] Coro<detail::UpdateResult<F, T, Args...>>
    update_async(const F& function, const Args&... args) const {
        return ask_async<&Held::template update<std::decay_t<F>, detail::Carried<Args>...>>(
            detail::RemoteCallee<std::decay_t<F>>(function), args...);
    }
};

} // namespace hocket
