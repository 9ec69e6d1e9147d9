#pragma once

#include <utility>

#include <hocket/detail/sync/waiter.hpp>

namespace hocket::detail {

/// Reports a failed release in a destructor, which cannot throw, to the loop's exception handler.
void report_failed_release() noexcept;

/// Holds a lock, a semaphore's permit or a condition's lock, and releases it when destroyed:
/// Python's `async with`.
template <class Owner> class [[nodiscard]] Guard {
public:
    explicit Guard(Owner& owner) noexcept : owner_(&owner) {}
    Guard(Guard&& other) noexcept : owner_(std::exchange(other.owner_, nullptr)) {}
    Guard& operator=(Guard&& other) noexcept {
        std::swap(owner_, other.owner_);
        return *this;
    }
    ~Guard() {
        if (owner_ != nullptr) {
            try {
                owner_->release();
            } catch (...) {
                report_failed_release();
            }
        }
    }

    /// Releases it now. Later calls do nothing.
    void release() {
        if (owner_ != nullptr) {
            std::exchange(owner_, nullptr)->release();
        }
    }
    [[nodiscard]] explicit operator bool() const noexcept { return owner_ != nullptr; }

private:
    Owner* owner_;
};

/// Awaits an acquisition and yields a Guard over it.
template <class Owner> class [[nodiscard]] Scoped {
public:
    using hocket_awaitable = void;
    using value_type = Guard<Owner>;

    explicit Scoped(Owner& owner) noexcept : owner_(owner), acquire_(owner.acquire()) {}
    Scoped(const Scoped&) = delete;
    Scoped& operator=(const Scoped&) = delete;

    void start_in(const TaskBase& task) noexcept {
        if constexpr (requires { acquire_.start_in(task); }) {
            acquire_.start_in(task);
        }
    }
    bool await_ready() { return acquire_.await_ready(); }
    template <class P> auto await_suspend(std::coroutine_handle<P> caller) {
        return acquire_.await_suspend(caller);
    }
    Guard<Owner> await_resume() {
        acquire_.await_resume();
        return Guard<Owner>(owner_);
    }
    operator Coro<Guard<Owner>>() const { // NOLINT(google-explicit-constructor)
        return await_in_coro<Scoped, Owner&>(owner_);
    }

private:
    Owner& owner_;
    decltype(std::declval<Owner&>().acquire()) acquire_;
};

} // namespace hocket::detail
