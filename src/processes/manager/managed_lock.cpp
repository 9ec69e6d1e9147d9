#include <hocket/managed_lock.hpp>

#include <optional>
#include <utility>
#include <variant>

#include <hocket/wait.hpp>

namespace hocket {

namespace detail {

// The manager only knows whose request this is until the coroutine is suspended for the first time,
// and the coroutine starts later.
Coro<bool> HeldLock::acquire(std::int64_t timeout) {
    return acquire_for(calling_process(), timeout);
}

Coro<bool> HeldLock::acquire_for(int process, std::int64_t timeout) {
    if (timeout == no_timeout) {
        co_await lock_.acquire();
    } else if (timeout == 0 && lock_.locked()) {
        co_return false;
    } else if (timeout == 0) {
        co_await lock_.acquire(); // free, or promised to a waiter that has not run yet
    } else {
        try {
            Coro<bool> acquiring = lock_.acquire();
            co_await wait_for(std::move(acquiring), std::chrono::nanoseconds(timeout));
        } catch (const TimeoutError&) {
            co_return false;
        }
    }
    holder_ = process;
    co_return true;
}

void HeldLock::release() {
    lock_.release();
    holder_ = no_process;
}

void HeldLock::client_ended(int process) noexcept {
    if (holder_ == process) {
        release();
    }
}

} // namespace detail

using detail::HeldLock;

namespace {

Coro<detail::Guard<const ManagedLock>> acquire_scoped(const ManagedLock& lock) {
    co_await lock.acquire_async();
    co_return detail::Guard<const ManagedLock>(lock);
}

} // namespace

bool ManagedLock::acquire_within(std::int64_t nanoseconds) const {
    return ask<&HeldLock::acquire>(nanoseconds);
}

void ManagedLock::release() const { ask<&HeldLock::release>(); }

Coro<> ManagedLock::release_async() const { return ask_async<&HeldLock::release>(); }

Coro<> ManagedLock::acquire_async() const {
    return [](ManagedLock lock) -> Coro<> {
        std::optional<bool> acquired;
        if (auto cancelled =
                co_await lock.ask_into<&HeldLock::acquire>(acquired, detail::no_timeout)) {
            if (acquired) {
                std::optional<std::monostate> done;
                co_await lock.ask_into<&HeldLock::release>(done);
            }
            std::rethrow_exception(cancelled);
        }
    }(*this);
}

Coro<detail::Guard<const ManagedLock>> ManagedLock::scoped_async() const {
    return acquire_scoped(*this);
}

} // namespace hocket
