#pragma once

#include <chrono>

#include <hocket/detail/loop/deadline.hpp>
#include <hocket/detail/processes/shared/process_guard.hpp>
#include <hocket/lock_outcome.hpp>
#include <hocket/shared_memory.hpp>

namespace hocket {

/// Python's multiprocessing.Lock: a mutex between the threads of all processes. If the holder dies,
/// the lock becomes free and the next holder learns of it; Python's stays locked forever.
///
///     hocket::ProcessLock lock;
///     auto guard = lock.scoped(); // with lock:
///     if (guard.outcome().owner_died) std::cerr << "what it guards may be half changed\n";
///
/// Unlike Python's, the lock is owned by the thread that acquired it: no other thread can release
/// it, and it is also freed when that thread ends. Acquiring blocks the thread, and all tasks of a
/// loop share one thread, so do not use it in tasks: use a ProcessSemaphore(1), which can be
/// awaited.
///
/// This is a handle: copies, including those sent to other processes, refer to the same lock. May
/// be used from any thread.
class ProcessLock {
public:
    /// Throws std::system_error if no memory or descriptors are left.
    ProcessLock();

    /// Blocks until this thread has the lock. Throws RuntimeError if it has it already.
    LockOutcome acquire() const { return lock_until({}); }
    /// Blocks for at most `timeout`. Throws RuntimeError if this thread has the lock already.
    template <class Rep, class Period>
    [[nodiscard]] LockOutcome acquire(std::chrono::duration<Rep, Period> timeout) const {
        return lock_until(detail::deadline_after(timeout));
    }
    /// Does not block: Python's acquire(block=False).
    [[nodiscard]] LockOutcome try_acquire() const;

    /// Throws ValueError if this thread does not hold the lock.
    void release() const;

    /// Acquires the lock and returns a guard that releases it when it goes out of scope.
    [[nodiscard]] detail::ProcessGuard<ProcessLock> scoped() const {
        const LockOutcome outcome = acquire();
        return {*this, outcome};
    }

    /// Packs the lock for another process. Throws RuntimeError outside of a value that is being
    /// sent.
    template <class Packer> void msgpack_pack(Packer& packer) const {
        memory_.msgpack_pack(packer);
    }
    void msgpack_unpack(const msgpack::object& object);

private:
    [[nodiscard]] LockOutcome lock_until(const detail::Deadline& deadline) const;

    SharedMemory memory_; // holds a detail::ProcessMutex
};

} // namespace hocket
