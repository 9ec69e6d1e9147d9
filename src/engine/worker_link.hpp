#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "engine/bulk_memory.hpp"
#include "engine/shared_ring.hpp"

namespace hocket::engine {

/// A word of shared memory that threads of any process wait on until it is notified. Either the
/// waiter sees what happened before `notify_all`, or `notify_all` sees the waiter, so no wake-up is
/// lost. Notifying costs a system call only if there is a waiter.
struct SharedEventcount {
    std::atomic<std::uint32_t> epoch;
    std::atomic<std::uint32_t> waiters;

    void notify_all() noexcept;
    /// Blocks until notified; returns at once if `is_over()` once the waiter is registered. May
    /// return early. `timeout` is in nanoseconds; if negative, there is no limit.
    template <class IsOver> void wait(std::int64_t timeout, IsOver is_over) noexcept {
        const std::uint32_t before = epoch.load(std::memory_order_seq_cst);
        waiters.fetch_add(1, std::memory_order_seq_cst);
        if (!is_over()) {
            sleep(before, timeout);
        }
        waiters.fetch_sub(1, std::memory_order_relaxed);
    }

private:
    void sleep(std::uint32_t before, std::int64_t timeout) noexcept;
};

/// Notifies of the replies of a pool's workers: a waiting thread through the eventcount, a loop
/// that is about to sleep through an eventfd.
struct ReplyNotifier {
    alignas(64) SharedEventcount eventcount;
    std::atomic<std::uint32_t> loop_sleeps;
};

/// The memory shared by a worker and its owner.
struct WorkerLink {
    enum class Stage : std::uint32_t { starting, ready, failed };

    static constexpr std::size_t ring_size = std::size_t{256} * 1024;
    /// A larger body is sent in a separate segment.
    static constexpr std::size_t largest_body = ring_size / 8;

    // The worker waits for the first when it is idle, for the second when its reply does not fit.
    alignas(64) SharedEventcount request_added;
    alignas(64) SharedEventcount reply_taken;
    std::atomic<Stage> stage;
    std::atomic<std::uint32_t> stop;      // the worker ends when it is idle
    std::atomic<std::int64_t> started_at; // start of the running timed call, on the monotonic clock
    RingPositions request_positions;
    RingPositions reply_positions;
    alignas(64) std::byte request_bytes[ring_size];
    alignas(64) std::byte reply_bytes[ring_size];

    [[nodiscard]] SharedRing requests() noexcept { return {request_positions, request_bytes}; }
    [[nodiscard]] SharedRing replies() noexcept { return {reply_positions, reply_bytes}; }
};

/// The kinds of messages to a worker, and of its replies. If the initializer throws, the worker
/// ends without executing the calls after it.
enum class Request : std::uint16_t { call, timed_call, module, initializer };
enum class Reply : std::uint16_t { result, exception };

/// Precedes the body of a segment, which is memory reused for one large message after another. Its
/// size is bulk_offset, so that the body does not begin near the start of a page.
struct alignas(bulk_offset) SegmentHeader {
    std::atomic<std::uint32_t> in_use;
};

} // namespace hocket::engine
