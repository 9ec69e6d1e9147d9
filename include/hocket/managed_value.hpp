#pragma once

#include <utility>

#include <hocket/detail/processes/manager/managed_update.hpp>

namespace hocket {

/// A proxy for one value held by a Manager; see ManagedDict for what all proxies have in common.
template <class T> class ManagedValue : public detail::ManagedReference {
public:
    ManagedValue() noexcept = default; ///< Refers to no value.
    explicit ManagedValue(detail::ManagedReference reference) noexcept
        : ManagedReference(std::move(reference)) {}

    [[nodiscard]] T get() const {
        return ask<T>([](T& value) -> const T& { return value; });
    }
    void set(const T& value) const {
        ask<T>([](T& held, T to) { held = std::move(to); }, value);
    }
    /// Changes the value in the manager, as one atomic step; see ManagedDict::update.
    template <class F, class... Args>
    detail::UpdateResult<F, T, Args...> update(const F& function, const Args&... args) const {
        return ask<T>(
            [](T& value, const detail::RemoteCallee<std::decay_t<F>>& call, auto&&... values) {
                return detail::update_value(value, call, std::move(values)...);
            },
            detail::RemoteCallee<std::decay_t<F>>(function), args...);
    }
};

} // namespace hocket
