#pragma once

namespace hocket {

/// How an attempt to get a ProcessLock or a permit of a ProcessSemaphore ended. True as a condition
/// when it was got.
struct LockOutcome {
    bool acquired = false;
    /// A holder before ended without releasing what it had, perhaps killed: what is guarded may be
    /// half changed. Told once, to the next that acquires.
    bool owner_died = false;

    operator bool() const noexcept { return acquired; } // NOLINT(google-explicit-constructor)
};

} // namespace hocket
