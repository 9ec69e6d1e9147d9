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

/// Python's multiprocessing.Barrier: a place at which `parties` threads or tasks of any processes
/// wait for each other, then go on together. It can be used again as soon as all of them have left;
/// who comes earlier waits for that.
///
/// When a process ends as it waits here, the barrier is broken and those that wait with it are told
/// by a BrokenBarrierError; in Python they wait for ever. For a party that dies before it arrives,
/// use a timeout.
///
/// A handle: copies, and what arrives in another process, are the same barrier. Any thread.
class ProcessBarrier {
public:
    ProcessBarrier() noexcept = default; ///< Refers to no barrier: for nothing but assigning to.
    /// Throws ValueError when `parties` is not from 1 to 10,000, std::system_error when out of
    /// memory or descriptors.
    explicit ProcessBarrier(std::ptrdiff_t parties);

    /// Blocks until `parties` wait here. Returns a different number from 0 to parties - 1 to each.
    /// Throws BrokenBarrierError when the barrier is broken, or is reset or aborted meanwhile, or a
    /// process that waits here ends; std::system_error when out of descriptors.
    std::size_t wait() const { return wait_until({}); }
    /// Blocks for at most `timeout`; then breaks the barrier for all, and throws
    /// BrokenBarrierError. (TimeoutError, and nothing is broken, when by then those of the last
    /// round have not left.)
    template <class Rep, class Period>
    std::size_t wait(std::chrono::duration<Rep, Period> timeout) const {
        return wait_until(detail::deadline_after(timeout));
    }
    /// `co_await barrier.wait_async()`: suspends the task; else as wait. A cancelled task no longer
    /// counts; the barrier stays as it is.
    [[nodiscard]] Coro<std::size_t> wait_async() const { return await_parties(*this); }

    /// Sends all that wait away with a BrokenBarrierError and makes the barrier as new, also a
    /// broken one.
    void reset() const;
    /// Breaks the barrier: all that wait, and all that come until `reset`, get a
    /// BrokenBarrierError.
    void abort() const;

    [[nodiscard]] std::size_t parties() const;
    /// How many wait for the others to come.
    [[nodiscard]] std::size_t n_waiting() const;
    [[nodiscard]] bool broken() const;

    /// How it crosses; only as a part of what crosses to another process (RuntimeError).
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
    std::shared_ptr<const detail::Broadcast> bell_;
};

} // namespace hocket
