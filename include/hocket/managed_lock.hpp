#pragma once

#include <chrono>
#include <cstdint>

#include <hocket/coro.hpp>
#include <hocket/detail/loop/deadline.hpp>
#include <hocket/detail/processes/manager/managed_reference.hpp>
#include <hocket/detail/sync/guard.hpp>
#include <hocket/lock.hpp>

namespace hocket {

namespace detail {

/// The lock at the manager.
class HeldLock final : public ClientObserver {
public:
    Coro<bool> acquire(int process, std::int64_t timeout);
    void release();
    void client_ended(int process) noexcept override;
    static constexpr std::int64_t for_ever = -1;

private:
    Lock lock_;
    int holder_ = nobody;
};

} // namespace detail

/// A lock that lives at a Manager: Python's manager.Lock. A proxy, as ManagedDict is one. First
/// come, first served. Not owned by a thread: any may release it, also one of another process. When
/// the process that acquired it dies, the lock is released; Python's stays locked for ever.
/// A ProcessLock is a hundred times quicker.
class ManagedLock : public detail::ManagedReference {
public:
    ManagedLock() noexcept = default; ///< Refers to none.
    explicit ManagedLock(detail::ManagedReference reference) noexcept
        : ManagedReference(std::move(reference)) {}

    /// Blocks until the lock is free, and takes it.
    void acquire() const { acquire_within(detail::HeldLock::for_ever); }
    /// Returns false when `timeout` passes first; with 0, at once.
    template <class Rep, class Period>
    [[nodiscard]] bool acquire(std::chrono::duration<Rep, Period> timeout) const {
        return acquire_within(detail::to_nanoseconds(timeout).count());
    }
    /// RuntimeError when it is not locked.
    void release() const;
    /// Acquires, and releases as what it returns goes out of scope. The lock must outlive it.
    [[nodiscard]] detail::Guard<const ManagedLock> scoped() const {
        acquire();
        return detail::Guard<const ManagedLock>(*this);
    }

private:
    bool acquire_within(std::int64_t nanoseconds) const;
};

} // namespace hocket
