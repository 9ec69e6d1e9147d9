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

/// Python's multiprocessing.Semaphore: a limited number of permits shared by all processes.
///
///     hocket::ProcessSemaphore slots(4);
///     {
///         auto slot = slots.scoped(); // with slots:
///     }
///     auto outcome = co_await slots.acquire_async(); // in a task
///     slots.release();
///
/// When a process ends while it holds permits, they are given back: waiters get them at once, and
/// the next caller that acquires one sees owner_died in its outcome. The count is raised at most to
/// the initial value, so that permits which other processes already released, on its behalf or as a
/// signal, are not given back twice. In Python the permits are lost. A permit belongs to its
/// process: the end of a thread or a task gives nothing back.
///
/// Waiters are not served in order of arrival. This is a handle: copies, including those sent to
/// other processes, refer to the same semaphore. May be used from any thread.
class ProcessSemaphore {
public:
    /// Throws ValueError if `value` is negative, and std::system_error if no memory or descriptors
    /// are left.
    explicit ProcessSemaphore(std::ptrdiff_t value = 1)
        : ProcessSemaphore(value, std::numeric_limits<std::ptrdiff_t>::max()) {}

    /// Blocks until there is a permit, then takes it. Throws RuntimeError if 1024 processes already
    /// hold permits, and std::system_error if it has to wait and no descriptors are left: waiting
    /// uses two, plus one for each process that holds a permit.
    LockOutcome acquire() const { return acquire_until({}); }
    /// Blocks for at most `timeout`.
    template <class Rep, class Period>
    [[nodiscard]] LockOutcome acquire(std::chrono::duration<Rep, Period> timeout) const {
        return acquire_until(detail::deadline_after(timeout));
    }
    /// Does not block: Python's acquire(block=False).
    [[nodiscard]] LockOutcome try_acquire() const { return acquire(std::chrono::seconds(0)); }
    /// `co_await semaphore.acquire_async()`: suspends the task until it has a permit. If the task
    /// is cancelled, it takes no permit.
    [[nodiscard]] Coro<LockOutcome> acquire_async() const { return await_permit(*this); }

    /// Gives a permit back, or adds one; any process may call it. Throws ValueError if a
    /// ProcessBoundedSemaphore already has its initial value.
    void release() const;

    /// Acquires a permit and returns a guard that releases it when it goes out of scope.
    [[nodiscard]] detail::ProcessGuard<ProcessSemaphore> scoped() const {
        const LockOutcome outcome = acquire();
        return {*this, outcome};
    }

    /// The number of free permits: Python's get_value.
    [[nodiscard]] std::ptrdiff_t value() const;

    /// Packs the semaphore for another process. Throws RuntimeError outside of a value that is
    /// being sent.
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
    std::shared_ptr<const detail::Broadcast> broadcast_;
};

/// A ProcessSemaphore whose `release` throws ValueError instead of exceeding the initial value:
/// Python's multiprocessing.BoundedSemaphore.
class ProcessBoundedSemaphore : public ProcessSemaphore {
public:
    /// Throws the same errors as ProcessSemaphore's constructor.
    explicit ProcessBoundedSemaphore(std::ptrdiff_t value = 1) : ProcessSemaphore(value, value) {}
};

} // namespace hocket
