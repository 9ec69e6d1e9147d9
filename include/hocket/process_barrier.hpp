#pragma once

#include <chrono>
#include <cstddef>
#include <memory>

#include <hocket/coro.hpp>
#include <hocket/detail/loop/deadline.hpp>
#include <hocket/shared_memory.hpp>

namespace hocket {

namespace detail {
class Broadcast;      // src/processes/shared/broadcast.hpp
class BarrierVisit;   // src/processes/shared/process_barrier.cpp
struct SharedBarrier; // src/processes/shared/process_barrier.cpp
} // namespace detail

/// Python's multiprocessing.Barrier: blocks threads and tasks of any processes until `parties` of
/// them are waiting, then releases them all. It can be reused once all of them have left; a caller
/// that arrives before that waits for the next round.
///
/// If a process ends while it waits here, the barrier breaks and the other waiters throw
/// BrokenBarrierError; in Python they wait forever. To guard against a party that dies before it
/// arrives, use a timeout.
///
/// This is a handle: copies, including those sent to other processes, refer to the same barrier.
/// May be used from any thread.
class ProcessBarrier {
public:
    ProcessBarrier() noexcept = default; ///< Refers to no barrier; only assignment is allowed.
    /// Throws ValueError if `parties` is not between 1 and 10,000, and std::system_error if no
    /// memory or descriptors are left.
    explicit ProcessBarrier(std::ptrdiff_t parties);

    /// Blocks until `parties` callers are waiting. Returns a different number from 0 to parties - 1
    /// to each. Throws BrokenBarrierError if the barrier is broken, or is reset or aborted during
    /// the wait, or if a waiting process ends; std::system_error if no descriptors are left.
    std::size_t wait() const { return wait_until({}); }
    /// Blocks for at most `timeout`, then breaks the barrier for all callers and throws
    /// BrokenBarrierError. If by then the callers of the previous round have not all left, throws
    /// TimeoutError instead and does not break the barrier.
    template <class Rep, class Period>
    std::size_t wait(std::chrono::duration<Rep, Period> timeout) const {
        return wait_until(detail::deadline_after(timeout));
    }
    /// `co_await barrier.wait_async()`: like wait, but suspends the task. A cancelled task no
    /// longer counts as waiting; the barrier stays intact.
    [[nodiscard]] Coro<std::size_t> wait_async() const { return await_parties(*this); }

    /// Throws BrokenBarrierError in all waiters and returns the barrier, even a broken one, to its
    /// initial state.
    void reset() const;
    /// Breaks the barrier: all waiters, and all later callers until `reset`, throw
    /// BrokenBarrierError.
    void abort() const;

    [[nodiscard]] std::size_t parties() const;
    /// How many callers are waiting for the barrier to fill.
    [[nodiscard]] std::size_t n_waiting() const;
    [[nodiscard]] bool broken() const;

    /// Packs the barrier for another process. Throws RuntimeError outside of a value that is being
    /// sent.
    template <class Packer> void msgpack_pack(Packer& packer) const {
        packer.pack_array(2);
        packer.pack(memory_);
        packer.pack(attach_broadcast());
    }
    void msgpack_unpack(const msgpack::object& object);

private:
    friend detail::BarrierVisit;
    [[nodiscard]] detail::SharedBarrier& shared() const;
    [[nodiscard]] std::uint32_t attach_broadcast() const;
    std::size_t wait_until(const detail::Deadline& deadline) const;
    static Coro<std::size_t> await_parties(ProcessBarrier barrier);

    SharedMemory memory_;
    std::shared_ptr<const detail::Broadcast> broadcast_;
};

} // namespace hocket
