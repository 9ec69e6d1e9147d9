#pragma once

#include <optional>
#include <utility>

#include <hocket/detail/sync/guard.hpp>
#include <hocket/lock_outcome.hpp>

namespace hocket::detail {

/// Holds an acquired lock or semaphore and releases it when destroyed: Python's `with`. Keeps the
/// lock or semaphore alive.
template <class Owner> class [[nodiscard]] ProcessGuard {
public:
    ProcessGuard(const Owner& owner, LockOutcome outcome) : owner_(owner), outcome_(outcome) {}
    ProcessGuard(ProcessGuard&& other) noexcept
        : owner_(std::exchange(other.owner_, std::nullopt)), outcome_(other.outcome_) {}
    ProcessGuard& operator=(ProcessGuard&& other) noexcept {
        std::swap(owner_, other.owner_);
        std::swap(outcome_, other.outcome_);
        return *this;
    }
    ~ProcessGuard() {
        if (owner_) {
            try {
                owner_->release();
            } catch (...) {
                report_failed_release();
            }
        }
    }

    /// Releases it now. Later calls do nothing.
    void release() {
        if (owner_) {
            const std::optional<Owner> owner = std::exchange(owner_, std::nullopt);
            owner->release();
        }
    }
    [[nodiscard]] explicit operator bool() const noexcept { return owner_.has_value(); }
    /// Whether an earlier holder died.
    [[nodiscard]] LockOutcome outcome() const noexcept { return outcome_; }

private:
    std::optional<Owner> owner_;
    LockOutcome outcome_;
};

} // namespace hocket::detail
