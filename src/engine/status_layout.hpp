#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace hocket::engine {

/// The memory that a process shares with whoever looks at it, such as the `hocket` command: one
/// header, then fixed numbers of slots for loops and for pools. All fields are integers of the
/// machine's byte order at fixed offsets, so that programs in any language can read or write it.
/// A reader finds it as /proc/PID/fd/N, a link to "/memfd:hocket-status (deleted)", and maps it
/// read-only. docs/observing.md has a table of the offsets.
///
/// Each field has one writer, which adds to it without an atomic read-modify-write.
using Counter = std::atomic<std::uint64_t>;
static_assert(Counter::is_always_lock_free && sizeof(Counter) == 8);

/// Adds to a counter that only this thread writes.
inline void add(Counter& counter, std::uint64_t amount) noexcept {
    counter.store(counter.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
}

/// Counts of durations in ticks. Four buckets an octave: a duration is known to within an eighth.
/// Durations from 2^49 ticks on (a day, or more) share the last bucket.
class TickHistogram {
public:
    static constexpr std::size_t size = 192;

    [[nodiscard]] static constexpr std::size_t bucket_of(std::uint64_t ticks) noexcept {
        if (ticks < 4) {
            return ticks;
        }
        const auto shift = static_cast<std::size_t>(std::bit_width(ticks)) - 3;
        const std::size_t bucket = 4 * shift + (ticks >> shift);
        return bucket < size ? bucket : size - 1;
    }
    /// The shortest duration of a bucket.
    [[nodiscard]] static constexpr std::uint64_t least_of(std::size_t bucket) noexcept {
        return bucket < 8 ? bucket : (4 + bucket % 4) << (bucket / 4 - 1);
    }

    void record(std::uint64_t ticks) noexcept { add(counts[bucket_of(ticks)], 1); }

    std::array<Counter, size> counts;
};

/// One event loop. Written by the loop's thread.
struct alignas(64) LoopStatus {
    static constexpr std::size_t name_size = 64;

    std::atomic<std::uint32_t> is_open; ///< 0: the slot is free
    std::atomic<std::uint32_t> thread;  ///< the thread that runs the loop, by gettid; 0: none
    Counter turns;                      ///< completed turns
    Counter steps;                      ///< steps of tasks and callbacks, in completed turns
    Counter polls;                      ///< how often the kernel was asked for events
    Counter asleep_since;               ///< ticks; 0 while the loop is awake
    Counter polled_at;                  ///< ticks, when the loop last asked the kernel or woke up
    Counter asleep;                     ///< ticks spent asleep until `polled_at`
    Counter tasks_started;
    Counter tasks_ended;
    Counter opened_at;      ///< ticks
    Counter longest;        ///< ticks: the longest time between two polls
    Counter slow_callbacks; ///< reported ones
    Counter slow_after;     ///< nanoseconds: EventLoop::slow_callback_duration
    std::array<std::atomic<char>, name_size> name;
    alignas(64) TickHistogram lag; ///< the times between two polls, without sleep
};
static_assert(sizeof(LoopStatus) == 1728 && alignof(LoopStatus) == 64);

/// One thread of a pool. Written by that thread, in a cache line of its own.
struct alignas(64) WorkerStatus {
    Counter started;
    Counter completed;
};

/// One pool of threads or processes.
struct alignas(64) PoolStatus {
    static constexpr std::size_t name_size = 64;
    /// The workers that count separately. The others share a counter each with one of these, and
    /// may then lose a count.
    static constexpr std::size_t max_counting = 64;
    enum Kind : std::uint32_t { threads = 1, processes = 2 };

    std::atomic<std::uint32_t> is_open; ///< 0: the slot is free
    std::atomic<std::uint32_t> kind;
    Counter max_workers;
    Counter workers;   ///< started and not ended
    Counter busy;      ///< of processes: workers that have calls; of threads: see `each`
    Counter queued;    ///< of processes: calls that no worker has; of threads: see `each`
    Counter submitted; ///< since the pool was created
    Counter completed; ///< of processes; of threads: see `each`
    Counter opened_at; ///< ticks
    Counter died;      ///< workers that died
    std::array<std::atomic<char>, name_size> name;
    alignas(64) TickHistogram wait; ///< times from submission to start, of some pieces of work
    std::array<WorkerStatus, max_counting> each; ///< of threads
};
static_assert(sizeof(PoolStatus) == 1728 + 64 * 64 && alignof(PoolStatus) == 64);

struct alignas(64) StatusHeader {
    static constexpr std::uint64_t magic_number = 0x0053'5554'4154'4b48; // "HKTATUS"
    static constexpr std::uint32_t current_version = 1;
    static constexpr std::size_t program_size = 128;

    Counter magic; ///< written last, when the rest is complete
    std::uint32_t version;
    std::uint32_t process;
    std::uint32_t loops_offset; ///< of the first LoopStatus, in bytes
    std::uint32_t loop_size;    ///< from one to the next
    std::uint32_t max_loops;
    std::uint32_t pools_offset;
    std::uint32_t pool_size;
    std::uint32_t max_pools;
    std::uint64_t started_at; ///< nanoseconds of CLOCK_REALTIME
    /// The length of a tick: two times, each in ticks and in nanoseconds of CLOCK_MONOTONIC. The
    /// second is renewed now and then, and equal to the first until then.
    std::uint64_t first_ticks;
    std::uint64_t first_time;
    Counter recent_ticks;
    Counter recent_time;
    std::array<char, program_size> program; ///< the name of the executable
};

struct StatusPage {
    static constexpr std::size_t max_loops = 256;
    static constexpr std::size_t max_pools = 128;

    StatusHeader header;
    alignas(4096) std::array<LoopStatus, max_loops> loops;
    alignas(4096) std::array<PoolStatus, max_pools> pools;
};

} // namespace hocket::engine
