#include "engine/status.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <system_error>

#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include "engine/memory_mapping.hpp"
#include "engine/per_process.hpp"
#include "engine/ticks.hpp"

namespace hocket::engine {

namespace {

/// The child of a fork must not write to its parent's page.
void leave_parents_page() noexcept;

std::uint64_t nanoseconds(clockid_t clock) noexcept {
    timespec time{};
    ::clock_gettime(clock, &time);
    return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000 +
           static_cast<std::uint64_t>(time.tv_nsec);
}

void fill(StatusHeader& header) noexcept {
    header.version = StatusHeader::current_version;
    header.process = static_cast<std::uint32_t>(::getpid());
    header.loops_offset = offsetof(StatusPage, loops);
    header.loop_size = sizeof(LoopStatus);
    header.max_loops = StatusPage::max_loops;
    header.pools_offset = offsetof(StatusPage, pools);
    header.pool_size = sizeof(PoolStatus);
    header.max_pools = StatusPage::max_pools;
    header.started_at = nanoseconds(CLOCK_REALTIME);
    // Read before anything is stored, because the page's first write takes a microsecond.
    const std::uint64_t before = ticks();
    const std::uint64_t time = nanoseconds(CLOCK_MONOTONIC);
    const std::uint64_t after = ticks();
    header.first_ticks = before + (after - before) / 2;
    header.first_time = time;
    header.recent_ticks.store(header.first_ticks, std::memory_order_relaxed);
    header.recent_time.store(header.first_time, std::memory_order_relaxed);
    const std::string_view name = program_invocation_short_name;
    name.copy(header.program.data(), header.program.size() - 1);
    header.magic.store(StatusHeader::magic_number, std::memory_order_release);
}

class ProcessStatus {
public:
    ProcessStatus() {
        static const int registered = ::pthread_atfork(nullptr, nullptr, leave_parents_page);
        try {
            if (registered == 0) {
                mapping_ = MemoryMapping::create("status", sizeof(StatusPage));
                page_ = reinterpret_cast<StatusPage*>(mapping_.data());
            }
        } catch (const std::system_error&) {
        }
        if (page_ == nullptr) {
            void* const memory = ::mmap(nullptr, sizeof(StatusPage), PROT_READ | PROT_WRITE,
                                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
            if (memory == MAP_FAILED) {
                return;
            }
            page_ = static_cast<StatusPage*>(memory);
        }
        fill(page_->header);
    }

    /// Objects of the parent, such as its loops, keep their pointers into the page, so other memory
    /// takes its place.
    void leave() noexcept {
        if (mapping_.data() != nullptr) {
            ::mmap(page_, sizeof(StatusPage), PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0);
        }
    }

    [[nodiscard]] StatusPage& page() noexcept {
        static StatusPage last_resort{};
        return page_ != nullptr ? *page_ : last_resort;
    }

private:
    MemoryMapping mapping_;
    StatusPage* page_ = nullptr;
};

constinit PerProcess<ProcessStatus> process_status;

void leave_parents_page() noexcept {
    if (ProcessStatus* const parents = process_status.existing()) {
        parents->leave();
    }
}

/// A slot for those who find all slots taken.
template <class Slot> Slot& unseen() noexcept {
    static Slot slot{};
    return slot;
}

template <class Slot, std::size_t count> Slot& claim(std::array<Slot, count>& slots) noexcept {
    for (Slot& slot : slots) {
        std::uint32_t expected = 0;
        if (slot.is_open.compare_exchange_strong(expected, 2)) { // being prepared
            return slot;
        }
    }
    return unseen<Slot>();
}

void clear(TickHistogram& histogram) noexcept {
    for (Counter& count : histogram.counts) {
        if (count.load(std::memory_order_relaxed) != 0) { // leaves untouched pages unallocated
            count.store(0, std::memory_order_relaxed);
        }
    }
}

template <class Slot> void set_name(Slot& slot, std::string_view name) noexcept {
    std::size_t i = 0;
    for (; i < std::min(name.size(), slot.name.size() - 1); ++i) {
        slot.name[i].store(name[i], std::memory_order_relaxed);
    }
    slot.name[i].store('\0', std::memory_order_relaxed);
}

} // namespace

StatusPage& status_page() noexcept { return process_status.get().page(); }

LoopStatus& open_loop_status() noexcept {
    LoopStatus& slot = claim(status_page().loops);
    for (Counter* counter :
         {&slot.turns, &slot.steps, &slot.polls, &slot.asleep_since, &slot.asleep,
          &slot.tasks_started, &slot.tasks_ended, &slot.longest, &slot.slow_callbacks}) {
        counter->store(0, std::memory_order_relaxed);
    }
    slot.thread.store(0, std::memory_order_relaxed);
    clear(slot.lag);
    set_name(slot, {});
    const std::uint64_t now = ticks();
    slot.opened_at.store(now, std::memory_order_relaxed);
    slot.polled_at.store(now, std::memory_order_relaxed);
    slot.is_open.store(1, std::memory_order_release);
    return slot;
}

PoolStatus& open_pool_status(PoolStatus::Kind kind) noexcept {
    PoolStatus& slot = claim(status_page().pools);
    for (Counter* counter : {&slot.max_workers, &slot.workers, &slot.busy, &slot.queued,
                             &slot.submitted, &slot.completed, &slot.died}) {
        counter->store(0, std::memory_order_relaxed);
    }
    for (WorkerStatus& worker : slot.each) {
        if (worker.started.load(std::memory_order_relaxed) != 0) {
            worker.started.store(0, std::memory_order_relaxed);
            worker.completed.store(0, std::memory_order_relaxed);
        }
    }
    slot.kind.store(kind, std::memory_order_relaxed);
    clear(slot.wait);
    set_name(slot, {});
    slot.opened_at.store(ticks(), std::memory_order_relaxed);
    slot.is_open.store(1, std::memory_order_release);
    return slot;
}

void close_status(LoopStatus& status) noexcept {
    status.is_open.store(0, std::memory_order_release);
}
void close_status(PoolStatus& status) noexcept {
    status.is_open.store(0, std::memory_order_release);
}

void set_status_name(LoopStatus& status, std::string_view name) noexcept { set_name(status, name); }
void set_status_name(PoolStatus& status, std::string_view name) noexcept { set_name(status, name); }

} // namespace hocket::engine
