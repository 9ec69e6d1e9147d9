#pragma once

#include <type_traits>
#include <utility>

#include <hocket/detail/processes/manager/managed_reference.hpp>

namespace hocket {

/// An object of any class that lives at a Manager. A proxy, as ManagedDict is one; the class itself
/// need not cross, what its functions take and return does.
///
///     struct Account {
///         int balance = 0;
///         int deposit(int amount) { return balance += amount; }
///     };
///     hocket::Manager manager;
///     auto account = manager.create<Account>();
///     const int balance = account.call(&Account::deposit, 100);
template <class T> class ManagedObject : public detail::ManagedReference {
public:
    ManagedObject() noexcept = default; ///< Refers to none.
    explicit ManagedObject(detail::ManagedReference reference) noexcept
        : ManagedReference(std::move(reference)) {}

    /// Calls `function(object, args...)` at the manager and returns a copy of its result: a member
    /// function (a virtual one, too), or whatever else may cross and takes a T& first. One call is
    /// made at a time, but for those that return a Coro, which are awaited there. Throws what it
    /// threw.
    template <class F, class... Args> auto call(const F& function, const Args&... args) const {
        return this->template ask<T>(
            [](T& object, const detail::RemoteCallee<std::decay_t<F>>& what,
               auto&&... values) -> decltype(auto) { return what(object, std::move(values)...); },
            detail::RemoteCallee<std::decay_t<F>>(function), args...);
    }
};

} // namespace hocket
