#pragma once

#include <type_traits>
#include <utility>

#include <hocket/detail/processes/manager/managed_reference.hpp>

namespace hocket {

/// A proxy for an object of any class held by a Manager; see ManagedDict for what all proxies have
/// in common. The class itself need not be able to cross between processes, but the arguments and
/// results of its functions must.
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
    ManagedObject() noexcept = default; ///< Refers to no object.
    explicit ManagedObject(detail::ManagedReference reference) noexcept
        : ManagedReference(std::move(reference)) {}

    /// Calls `function(object, args...)` in the manager, and returns a copy of its result or throws
    /// its exception. `function` is a member function, which may be virtual, or any other callable
    /// that can cross and takes a T& first. Calls run one at a time; a Coro returned by a call is
    /// awaited there, and other calls run while it is suspended.
    template <class F, class... Args> auto call(const F& function, const Args&... args) const {
        return call_held<T>(Callee(), detail::RemoteCallee<std::decay_t<F>>(function), args...);
    }
    /// Like `call`, but suspends the task.
    template <class F, class... Args>
    [[nodiscard]] auto call_async(const F& function, const Args&... args) const {
        return call_held_async<T>(Callee(), detail::RemoteCallee<std::decay_t<F>>(function),
                                  args...);
    }

private:
    struct Callee {
        template <class F, class... Args>
        decltype(auto) operator()(T& object, const detail::RemoteCallee<F>& function,
                                  Args&&... args) const {
            return function(object, std::forward<Args>(args)...);
        }
    };
};

} // namespace hocket
