#pragma once

#include <atomic>
#include <cstdint>
#include <string_view>

#include <hocket/engine/ready_queue.hpp>

#include "engine/ticks.hpp"
#include "engine/trace_layout.hpp"

namespace hocket::engine {

/// Whether what happens is recorded. Read before each event; changed by Recording.
inline constinit std::atomic<bool> trace_is_on{false};

[[nodiscard]] inline bool is_traced() noexcept {
    return trace_is_on.load(std::memory_order_relaxed);
}

/// Adds an event to the calling thread's ring, whether or not the trace is on. `time` is in ticks.
void record_event(std::uint64_t time, TraceKind kind, std::uint64_t value) noexcept;

/// Adds an event if the trace is on. May be called from any thread, but not from a signal handler.
inline void trace(TraceKind kind, std::uint64_t value = 0) noexcept {
    if (is_traced()) [[unlikely]] {
        record_event(ticks(), kind, value);
    }
}
/// The same for callers that have read the time, which takes most of what an event costs.
inline void trace_at(std::uint64_t time, TraceKind kind, std::uint64_t value = 0) noexcept {
    if (is_traced()) [[unlikely]] {
        record_event(time, kind, value);
    }
}

/// The name of what was just created or submitted; characters after the 64th are left out.
void trace_text(std::string_view text) noexcept;

/// What the loop runs next.
inline void trace_step(const Runnable& item) noexcept {
    if (is_traced()) [[unlikely]] {
        const std::uint64_t id = item.task_id();
        record_event(ticks(), id != 0 ? TraceKind::step : TraceKind::callback, id);
    }
}

/// Makes the memory for recordings, which takes none until they are made: the file by which other
/// processes find it is a descriptor of the calling thread's table. Throws std::system_error.
void prepare_trace();

/// While an object of this class exists, events are recorded. The child of a fork records nothing
/// until it creates one itself. May be used from any thread.
class Recording {
public:
    Recording(); ///< Throws std::system_error if there is no descriptor or memory for the rings.
    ~Recording();
    Recording(const Recording&) = delete;
    Recording& operator=(const Recording&) = delete;

private:
    TraceArea* area_;
};

} // namespace hocket::engine
