#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "engine/status_layout.hpp"

namespace hocket::engine {

/// What happened at a moment on a thread. The numbers are part of the format that other programs
/// read.
enum class TraceKind : std::uint8_t {
    lost = 0,   ///< written by nobody: readers mark missing events with it
    thread = 1, ///< the ring belongs to thread `value` from here on

    // What a loop does until the next event of these.
    step = 2,     ///< task `value` runs
    callback = 3, ///< something other than a task runs
    dispatch = 4, ///< `value` ready descriptors are handled
    turn_end = 5, ///< what was left for the turn's end is done
    asleep = 6,   ///< the loop waits

    task_created = 7, ///< task `value`; `place`, and `text` if it has a name, follow
    task_named = 8,   ///< task `value`; `text` follows
    place = 9,        ///< the address of a source_location's data
    text = 10,        ///< eight characters

    submit = 11,   ///< work `value` is handed to a pool; `function` and `text` may follow
    run = 12,      ///< a thread of a pool begins work `value`; `type` follows
    run_call = 13, ///< a worker process begins its owner's work `value`; `function` follows
    type = 14,     ///< the address of a type's name
    function =
        15, ///< the address of a function; of a call: first what unpacks it, then what is in it
    run_end = 16,   ///< the work is done
    completed = 17, ///< the result of work `value` has arrived
    wakes = 18,     ///< what task `value` waits for is done
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
