#include "engine/trace.hpp"

#include <algorithm>
#include <cstring>
#include <mutex>
#include <system_error>

#include <pthread.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "engine/memory_mapping.hpp"
#include "engine/per_process.hpp"
#include "engine/ticks.hpp"

namespace hocket::engine {

namespace {

/// This process's area; nullptr before its first recording.
std::atomic<TraceArea*> area_here{nullptr};
/// Advanced in the child of a fork, whose thread has a ring of its parent's.
std::atomic<std::uint32_t> generation{1};

/// The calling thread's ring.
struct OwnRing {
    TraceRing* ring;
    TraceEvent* events;
    std::uint32_t generation;
};
thread_local constinit OwnRing own{};

/// The child of a fork must not write into its parent's rings. Other memory takes their place,
/// because a thread may be about to write.
void leave_parents_area() noexcept {
    trace_is_on.store(false);
    generation.fetch_add(1);
    if (TraceArea* const area = area_here.exchange(nullptr)) {
        ::mmap(area, sizeof(TraceArea), PROT_READ | PROT_WRITE,
               MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0);
    }
}

class ProcessTrace {
public:
    /// Throws std::system_error.
    void prepare() {
        const std::scoped_lock lock(mutex_);
        make_area();
    }
    /// Throws std::system_error.
    TraceArea& begin() {
        const std::scoped_lock lock(mutex_);
        make_area();
        area().header.recordings.fetch_add(1);
        trace_is_on.store(true);
        return area();
    }
    void end() noexcept {
        const std::scoped_lock lock(mutex_);
        if (area().header.recordings.fetch_sub(1) == 1) {
            trace_is_on.store(false);
            // Gives the memory back. A thread that still writes an event does no harm.
            ::madvise(&area().events, sizeof area().events, MADV_REMOVE);
        }
    }

private:
    void make_area() {
        if (mapping_.data() == nullptr) {
            static const int registered = ::pthread_atfork(nullptr, nullptr, leave_parents_area);
            if (registered != 0) {
                throw std::system_error(registered, std::generic_category(), "pthread_atfork");
            }
            mapping_ = MemoryMapping::create("trace", sizeof(TraceArea));
            TraceHeader& header = area().header;
            header.version = TraceHeader::current_version;
            header.process = static_cast<std::uint32_t>(::getpid());
            header.rings_offset = offsetof(TraceArea, rings);
            header.max_rings = TraceArea::max_rings;
            header.events_offset = offsetof(TraceArea, events);
            header.events_in_ring = TraceArea::events_in_ring;
            header.magic.store(TraceHeader::magic_number, std::memory_order_release);
            area_here.store(&area());
        }
    }
    [[nodiscard]] TraceArea& area() const noexcept {
        return *reinterpret_cast<TraceArea*>(mapping_.data());
    }

    std::mutex mutex_;
    MemoryMapping mapping_;
};

constinit PerProcess<ProcessTrace> process_trace;

void write(std::uint64_t time, TraceKind kind, std::uint64_t value) noexcept {
    const std::uint64_t at = own.ring->written.load(std::memory_order_relaxed);
    TraceEvent& event = own.events[at % TraceArea::events_in_ring];
    event.what.store(time << 8 | static_cast<std::uint64_t>(kind), std::memory_order_relaxed);
    event.value.store(value, std::memory_order_relaxed);
    own.ring->written.store(at + 1, std::memory_order_release);
}

/// Frees the ring when its thread ends.
struct ReleaseAtExit {
    ~ReleaseAtExit() {
        if (own.ring != nullptr && own.generation == generation.load(std::memory_order_relaxed)) {
            own.ring->is_open.store(0, std::memory_order_release);
        }
        own = {};
        has_ended = true;
    }
    static thread_local constinit bool has_ended;
};
thread_local constinit bool ReleaseAtExit::has_ended = false;

/// Gives the thread a ring, if one is free.
void claim_ring() noexcept {
    TraceArea* const area = area_here.load();
    own = {};
    if (area == nullptr || ReleaseAtExit::has_ended) {
        return;
    }
    own.generation = generation.load();
    for (TraceRing& ring : area->rings) {
        std::uint32_t expected = 0;
        if (!ring.is_open.compare_exchange_strong(expected, 1)) {
            continue;
        }
        own.ring = &ring;
        own.events = area->events[static_cast<std::size_t>(&ring - area->rings.data())].data();
        static thread_local const ReleaseAtExit release;
        static_cast<void>(release);
        const auto thread = static_cast<std::uint32_t>(::syscall(SYS_gettid));
        ring.thread.store(thread, std::memory_order_relaxed);
        write(ticks(), TraceKind::thread, thread);
        return;
    }
    area->header.left_out.fetch_add(1, std::memory_order_relaxed);
}

} // namespace

void record_event(std::uint64_t time, TraceKind kind, std::uint64_t value) noexcept {
    if (own.generation != generation.load(std::memory_order_relaxed)) [[unlikely]] {
        claim_ring();
    }
    if (own.ring != nullptr) {
        write(time, kind, value);
    }
}

void trace_text(std::string_view text) noexcept {
    constexpr std::size_t longest = 64;
    for (text = text.substr(0, longest); !text.empty();) {
        std::uint64_t characters = 0;
        const std::size_t size = std::min(text.size(), sizeof characters);
        std::memcpy(&characters, text.data(), size);
        trace(TraceKind::text, characters);
        text.remove_prefix(size);
    }
}

void prepare_trace() { process_trace.get().prepare(); }

Recording::Recording() : area_(&process_trace.get().begin()) {}

Recording::~Recording() {
    if (area_here.load() == area_) { // not in the child of a fork
        process_trace.get().end();
    }
}

} // namespace hocket::engine
