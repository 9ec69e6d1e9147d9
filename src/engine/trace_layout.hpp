#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "engine/status_layout.hpp"

namespace hocket::engine {

/// What happened at a moment on a thread. The numbers are part of the format that other programs
/// read; docs/observing.md describes what `value` is.
enum class TraceKind : std::uint8_t {
    lost = 0,     ///< written by nobody: readers mark missing events with it
    thread = 1,   ///< the ring belongs to the thread `value` from here on
    step = 2,     ///< task `value` runs, until the next event of 2 to 6
    callback = 3, ///< something other than a task runs, until the next event of 2 to 6
    dispatch = 4, ///< the loop handles `value` ready descriptors, until the next event of 2 to 6
    turn_end = 5, ///< the loop does what was left for the turn's end
    asleep = 6,   ///< the loop waits
    task_created = 7, ///< task `value`
    task_named = 8,   ///< task `value`, whose name follows
    place = 9,        ///< of the task just created: the address of a source_location's data
    text = 10,        ///< eight characters more of the name of what was just created or submitted
    submit = 11,      ///< work `value` is handed to a pool
    run = 12,         ///< a thread of a pool begins work `value`
    run_call = 13,    ///< a worker process begins its owner's work `value`
    type = 14,        ///< of the work just begun: the address of its type's name
    function = 15,    ///< of the work just submitted or begun: its address
    run_end = 16,     ///< the work is done
    completed = 17,   ///< the result of work `value` has arrived
    wakes = 18,       ///< task `value` is told that what it waits for is done
};

struct TraceEvent {
    Counter what; ///< the time in ticks, shifted left by 8, and the kind
    Counter value;
};
static_assert(sizeof(TraceEvent) == 16);

/// The events of one thread at a time. The newest overwrite the oldest.
struct alignas(64) TraceRing {
    std::atomic<std::uint32_t> is_open; ///< 0: its thread has ended, or it never had one
    std::atomic<std::uint32_t> thread;  ///< by gettid
    Counter written;                    ///< the number of events so far
};

struct alignas(64) TraceHeader {
    static constexpr std::uint64_t magic_number = 0x0045'4341'5254'4b48; // "HKTRACE"
    static constexpr std::uint32_t current_version = 1;

    Counter magic; ///< written last, when the rest is complete
    std::uint32_t version;
    std::uint32_t process;
    std::uint32_t rings_offset; ///< of the first TraceRing, in bytes
    std::uint32_t max_rings;
    std::uint32_t events_offset;           ///< of the first ring's events, in bytes
    std::uint32_t events_in_ring;          ///< a power of two
    std::atomic<std::uint32_t> recordings; ///< 0: nothing is being recorded
    std::atomic<std::uint32_t> left_out;   ///< threads that found no free ring
};

/// The memory that holds a process's trace, a memfd called "hocket-trace". What was never written
/// takes no memory.
struct TraceArea {
    static constexpr std::size_t max_rings = 128;
    static constexpr std::size_t events_in_ring = std::size_t{1} << 16;

    TraceHeader header;
    alignas(4096) std::array<TraceRing, max_rings> rings;
    alignas(4096) std::array<std::array<TraceEvent, events_in_ring>, max_rings> events;
};

} // namespace hocket::engine
