#pragma once

#include <chrono>
#include <cstddef>
#include <limits>
#include <memory>

#include <hocket/coro.hpp>
#include <hocket/detail/loop/deadline.hpp>
#include <hocket/detail/processes/shared/process_guard.hpp>
#include <hocket/lock_outcome.hpp>
#include <hocket/shared_memory.hpp>

namespace hocket {

namespace detail {
class Broadcast;         // src/processes/shared/broadcast.hpp
class BroadcastListener; // src/processes/shared/broadcast.hpp
struct SharedSemaphore;  // src/processes/shared/process_semaphore.cpp
} // namespace detail

/// Python's multiprocessing.Semaphore: at most so many permits, among all processes.
///
///     hocket::ProcessSemaphore slots(4);
///     {
///         auto slot = slots.scoped(); // with slots:
///     }
///     auto outcome = co_await slots.acquire_async(); // in a task
///     slots.release();
///
/// When a process ends with permits that it acquired, they are given back (as many as the initial
/// value lacks: permits that others released before, on its behalf or as a signal, are not given
/// twice), who waits gets them at once, and is told. In Python they are lost. A permit belongs to
/// its process: the end of a thread or a task gives nothing back.
///
/// Not first come, first served. A handle: copies, and what arrives in another process, are the
/// same semaphore. Any thread.
class ProcessSemaphore {
public:
    /// Throws ValueError when `value` is negative, std::system_error when out of memory or
    /// descriptors.
    explicit ProcessSemaphore(std::ptrdiff_t value = 1)
        : ProcessSemaphore(value, std::numeric_limits<std::ptrdiff_t>::max()) {}

    /// Blocks until there is a permit and takes it. Throws RuntimeError when 1024 processes hold
    /// permits, std::system_error when it must wait and is out of descriptors: it takes two, and
    /// one for each process that holds a permit.
    LockOutcome acquire() const { return acquire_until({}); }
    /// Blocks for at most `timeout`.
    template <class Rep, class Period>
    [[nodiscard]] LockOutcome acquire(std::chrono::duration<Rep, Period> timeout) const {
        return acquire_until(detail::deadline_after(timeout));
    }
    /// Does not block: Python's acquire(block=False).
    [[nodiscard]] LockOutcome try_acquire() const { return acquire(std::chrono::seconds(0)); }
    /// `co_await semaphore.acquire_async()`: suspends the task until it has a permit. Cancelling it
    /// leaves the permit to others.
    [[nodiscard]] Coro<LockOutcome> acquire_async() const { return await_permit(*this); }

    /// Gives a permit back, or adds one; any process may. ValueError when a ProcessBoundedSemaphore
    /// has its initial value already.
    void release() const;

    /// Acquires, and releases as what it returns goes out of scope.
    [[nodiscard]] detail::ProcessGuard<ProcessSemaphore> scoped() const {
        const LockOutcome outcome = acquire();
        return {*this, outcome};
    }

    /// How many permits there are now: Python's get_value.
    [[nodiscard]] std::ptrdiff_t value() const;

    /// How it crosses; only as a part of what crosses to another process (RuntimeError).
    template <class Packer> void msgpack_pack(Packer& packer) const {
        packer.pack_array(2);
        packer.pack(memory_);
        packer.pack(attach_broadcast());
    }
    void msgpack_unpack(const msgpack::object& object);

protected:
    ProcessSemaphore(std::ptrdiff_t value, std::ptrdiff_t bound);

private:
    class Waiting;
    [[nodiscard]] detail::SharedSemaphore& shared() const noexcept;
    [[nodiscard]] std::uint32_t attach_broadcast() const;
    [[nodiscard]] LockOutcome take() const;
    [[nodiscard]] LockOutcome take_or_watch(detail::BroadcastListener& listener) const;
    [[nodiscard]] LockOutcome acquire_until(const detail::Deadline& deadline) const;
    static Coro<LockOutcome> await_permit(ProcessSemaphore semaphore);

    SharedMemory memory_;
    std::shared_ptr<const detail::Broadcast> bell_;
};

/// A ProcessSemaphore whose `release` throws ValueError when it would exceed the initial value:
/// Python's multiprocessing.BoundedSemaphore.
class ProcessBoundedSemaphore : public ProcessSemaphore {
public:
    /// Throws as ProcessSemaphore's.
    explicit ProcessBoundedSemaphore(std::ptrdiff_t value = 1) : ProcessSemaphore(value, value) {}
};

} // namespace hocket
