#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "engine/bulk_memory.hpp"
#include "engine/shared_ring.hpp"

namespace hocket::engine {

/// A word of shared memory that threads of any process wait on until it is notified. Either the
/// waiter sees what was done before `notify_all`, or `notify_all` sees the waiter: no wake-up is
/// lost. Notifying costs a system call only if there is a waiter.
struct SharedEventcount {
    std::atomic<std::uint32_t> epoch;
    std::atomic<std::uint32_t> waiters;

    void notify_all() noexcept;
    /// Blocks until notified; returns at once if `is_over()` once the waiter is registered. May
    /// return early. `timeout` is in nanoseconds; negative: none.
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

/// How a pool's workers announce their replies: through the eventcount to a thread that waits on
/// it, through an eventfd to a loop that is about to sleep.
struct ReplyNotifier {
    alignas(64) SharedEventcount eventcount;
    std::atomic<std::uint32_t> loop_sleeps;
};

/// What a worker and its owner share.
struct WorkerLink {
    enum class Stage : std::uint32_t { starting, ready, failed };

    static constexpr std::size_t ring_size = std::size_t{256} * 1024;
    /// A larger body travels in a segment of its own.
    static constexpr std::size_t largest_body = ring_size / 8;

    // The worker waits for the first when it has nothing to do, for the second when its reply does
    // not fit.
    alignas(64) SharedEventcount request_added;
    alignas(64) SharedEventcount reply_taken;
    std::atomic<Stage> stage;
    std::atomic<std::uint32_t> stop;      // the worker ends when it has nothing to do
    std::atomic<std::int64_t> started_at; // the timed call that runs, on the monotonic clock
    RingPositions request_positions;
    RingPositions reply_positions;
    alignas(64) std::byte request_bytes[ring_size];
    alignas(64) std::byte reply_bytes[ring_size];

    [[nodiscard]] SharedRing requests() noexcept { return {request_positions, request_bytes}; }
    [[nodiscard]] SharedRing replies() noexcept { return {reply_positions, reply_bytes}; }
};

/// The kinds of messages to a worker, and of its replies.
/// The worker ends when its initializer throws, without a look at the calls behind it.
enum class Request : std::uint16_t { call, timed_call, module, initializer };
enum class Reply : std::uint16_t { result, exception };

/// In front of the body of a segment, memory that is used for one large message after the other. As
/// large as bulk_offset, so that the body does not lie just behind a page's start.
struct alignas(bulk_offset) SegmentHeader {
    std::atomic<std::uint32_t> in_use;
};

} // namespace hocket::engine
