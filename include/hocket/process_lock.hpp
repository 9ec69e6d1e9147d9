#pragma once

#include <chrono>

#include <hocket/detail/loop/deadline.hpp>
#include <hocket/detail/processes/shared/process_guard.hpp>
#include <hocket/lock_outcome.hpp>
#include <hocket/shared_memory.hpp>

namespace hocket {

/// Python's multiprocessing.Lock: one thread of one process at a time. When its holder dies, the
/// lock is free again, and the next is told; Python's stays locked for ever.
///
///     hocket::ProcessLock lock;
///     auto guard = lock.scoped(); // with lock:
///     if (guard.outcome().owner_died) std::cerr << "what it guards may be half changed\n";
///
/// Unlike Python's it belongs to the thread that acquired it: no other can release it, and it is
/// free when that thread ends, too. Acquiring blocks the thread, so a task must not wait for it:
/// the lock of a coroutine's thread is that of all the loop's tasks. A task takes a
/// ProcessSemaphore(1), and awaits it.
///
/// A handle: copies, and what arrives in another process, are the same lock. Any thread.
class ProcessLock {
public:
    /// Throws std::system_error when out of memory or descriptors.
    ProcessLock();

    /// Blocks until this thread has the lock. RuntimeError when it has it already.
    LockOutcome acquire() const { return lock_until({}); }
    /// Blocks for at most `timeout`. RuntimeError when this thread has the lock already.
    template <class Rep, class Period>
    [[nodiscard]] LockOutcome acquire(std::chrono::duration<Rep, Period> timeout) const {
        return lock_until(detail::deadline_after(timeout));
    }
    /// Does not block: Python's acquire(block=False).
    [[nodiscard]] LockOutcome try_acquire() const;

    /// ValueError when this thread does not hold the lock.
    void release() const;

    /// Acquires, and releases as what it returns goes out of scope.
    [[nodiscard]] detail::ProcessGuard<ProcessLock> scoped() const {
        const LockOutcome outcome = acquire();
        return {*this, outcome};
    }

    /// How it crosses; only as a part of what crosses to another process (RuntimeError).
    template <class Packer> void msgpack_pack(Packer& packer) const {
        memory_.msgpack_pack(packer);
    }
    void msgpack_unpack(const msgpack::object& object);

private:
    [[nodiscard]] LockOutcome lock_until(const detail::Deadline& deadline) const;

    SharedMemory memory_; // holds a detail::ProcessMutex
};

} // namespace hocket
