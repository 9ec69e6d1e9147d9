#pragma once

#include <chrono>
#include <cstdint>

#include <hocket/coro.hpp>
#include <hocket/detail/loop/deadline.hpp>
#include <hocket/detail/processes/manager/held_lock.hpp>
#include <hocket/detail/processes/manager/managed_reference.hpp>
#include <hocket/detail/sync/guard.hpp>

namespace hocket {

/// A proxy for a lock held by a Manager: Python's manager.Lock. See ManagedDict for what all
/// proxies have in common. Waiters are served in order of arrival. The lock is not owned by a
/// thread: any thread or task of any process may release it. If the process that acquired it dies,
/// the lock is released; Python's stays locked forever. A ProcessLock is about a hundred times
/// faster.
class ManagedLock : public detail::ManagedReference {
public:
    ManagedLock() noexcept = default; ///< Refers to no lock.
    explicit ManagedLock(detail::ManagedReference reference) noexcept
        : ManagedReference(std::move(reference)) {}

    /// Blocks until the lock is free, then takes it.
    void acquire() const { acquire_within(detail::no_timeout); }
    /// Returns false if `timeout` passes first; a timeout of 0 does not wait.
    template <class Rep, class Period>
    [[nodiscard]] bool acquire(std::chrono::duration<Rep, Period> timeout) const {
        return acquire_within(detail::to_nanoseconds(timeout).count());
    }
    /// Suspends the task until the lock is free, then takes it. If the task is cancelled, it does
    /// not have the lock.
    [[nodiscard]] Coro<> acquire_async() const;

    /// Throws RuntimeError if the lock is not locked.
    void release() const;
    [[nodiscard]] Coro<> release_async() const;

    /// Acquires the lock and returns a guard that releases it when it goes out of scope, which
    /// blocks for a round trip. The lock must outlive the guard.
    [[nodiscard]] detail::Guard<const ManagedLock> scoped() const {
        acquire();
        return detail::Guard<const ManagedLock>(*this);
    }
    [[nodiscard]] Coro<detail::Guard<const ManagedLock>> scoped_async() const;

private:
    bool acquire_within(std::int64_t nanoseconds) const;
};

} // namespace hocket
