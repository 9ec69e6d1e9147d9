#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "engine/bulk_memory.hpp"
#include "engine/shared_ring.hpp"

namespace hocket::engine {

/// A word of shared memory to sleep on until somebody rings. Either the sleeper sees what was done
/// before the ring, or the ringer sees the sleeper: no wake-up is lost, and nobody who is awake
/// costs a system call.
struct SharedEventcount {
    std::atomic<std::uint32_t> rings;
    std::atomic<std::uint32_t> sleepers;

    void ring() noexcept;
    /// Sleeps until rung; returns at once when `is_over()` after the sleeper is announced. May
    /// return early. `timeout` in nanoseconds, negative: none.
    template <class IsOver> void sleep(std::int64_t timeout, IsOver is_over) noexcept {
        const std::uint32_t before = rings.load(std::memory_order_seq_cst);
        sleepers.fetch_add(1, std::memory_order_seq_cst);
        if (!is_over()) {
            wait_for_ring(before, timeout);
        }
        sleepers.fetch_sub(1, std::memory_order_relaxed);
    }

private:
    void wait_for_ring(std::uint32_t before, std::int64_t timeout) noexcept;
};

/// How a pool's workers tell it of their replies: by the bell when a thread sleeps on it, by the
/// eventfd when a loop asked for that.
struct ReplyNotifier {
    alignas(64) SharedEventcount bell;
    std::atomic<std::uint32_t> loop_sleeps;
};

/// What a worker and its owner share.
struct WorkerLink {
    enum class Stage : std::uint32_t { starting, ready, failed };

    static constexpr std::size_t ring_size = std::size_t{256} * 1024;
    /// A larger body travels in a segment of its own.
    static constexpr std::size_t largest_body = ring_size / 8;

    alignas(64) SharedEventcount requests_bell; // the worker sleeps on it
    alignas(64) SharedEventcount space_bell;    // the worker waits for room for a reply
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
