#pragma once

namespace hocket {

/// The result of an attempt to acquire a ProcessLock or a permit of a ProcessSemaphore. Converts to
/// true if it was acquired.
struct LockOutcome {
    bool acquired = false;
    /// An earlier holder ended without releasing it; it may have been killed. The guarded data may
    /// be inconsistent. Reported once, to the next one that acquires it.
    bool owner_died = false;

    operator bool() const noexcept { return acquired; } // NOLINT(google-explicit-constructor)
};

} // namespace hocket
