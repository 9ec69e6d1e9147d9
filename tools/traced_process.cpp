#include "traced_process.hpp"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <utility>

#include <sys/mman.h>

#include <fmt/format.h>

#include "callable_name.hpp"
#include "engine/status_reading.hpp"

namespace hocket::tool {

namespace {

using engine::TraceArea;
using engine::TraceHeader;
using engine::TraceKind;

std::string thread_name(pid_t process, std::uint32_t thread, const engine::StatusPage& page) {
    for (const engine::LoopStatus& loop : page.loops) {
        if (loop.is_open.load() == 1 && loop.thread.load() == thread) {
            if (std::string name = engine::status_name(loop); !name.empty()) {
                return name;
            }
        }
    }
    std::string name;
    std::ifstream file(fmt::format("/proc/{}/task/{}/comm", process, thread));
    std::getline(file, name);
    return name.empty() ? fmt::format("thread {}", thread) : name;
}

/// 0 if the process has ended.
pid_t parent_of(pid_t process) {
    std::ifstream file(fmt::format("/proc/{}/stat", process));
    std::string line;
    std::getline(file, line);
    const std::size_t name_end = line.rfind(')'); // the name may contain anything
    pid_t parent = 0;
    return name_end != std::string::npos &&
                   std::sscanf(line.c_str() + name_end, ") %*c %d", &parent) == 1
               ? parent
               : 0;
}

} // namespace

std::vector<pid_t> ancestors_of(pid_t process) {
    std::vector<pid_t> ancestors;
    while (process > 1) {
        process = parent_of(process);
        ancestors.push_back(process);
    }
    return ancestors;
}

TracedProcess::TracedProcess(pid_t process, Observer observer, ProcessPage page)
    : pid_(process),
      ancestors_(ancestors_of(process)),
      program_(page->header.program.data()),
      observer_(std::move(observer)),
      page_(std::move(page)),
      symbols_(std::make_unique<Symbols>(process)) {}

TracedProcess TracedProcess::record(pid_t process) {
    TracedProcess traced(process, Observer(process), ProcessPage(process));
    static_cast<void>(traced.observer_->ask("record"));
    traced.map_area();
    traced.learn_tasks();
    return traced;
}

TracedProcess TracedProcess::look_back(pid_t process) {
    TracedProcess traced(process, Observer(process), ProcessPage(process));
    traced.map_area();
    if (!traced.area_ || traced.area_->header.recordings.load() == 0) {
        throw Problem(fmt::format("process {} does not record what it does: start it with "
                                  "HOCKET_TRACE=1, or use --for to record from now on",
                                  process));
    }
    traced.learn_tasks();
    return traced;
}

void TracedProcess::map_area() {
    const engine::FileDescriptor file = open_shared_memory(pid_, "trace", sizeof(TraceArea));
    if (!file.is_open()) {
        return;
    }
    void* const memory =
        ::mmap(nullptr, sizeof(TraceArea), PROT_READ, MAP_SHARED, file.fileno(), 0);
    if (memory == MAP_FAILED) {
        throw Problem(fmt::format("cannot map the trace: {}", std::strerror(errno)));
    }
    area_ = {static_cast<const TraceArea*>(memory),
             [memory](const TraceArea*) { ::munmap(memory, sizeof(TraceArea)); }};
    const TraceHeader& header = area_->header;
    if (header.magic.load(std::memory_order_acquire) != TraceHeader::magic_number ||
        header.version != TraceHeader::current_version ||
        header.events_in_ring != TraceArea::events_in_ring) {
        throw Problem(fmt::format("process {} has a trace of version {}; this command knows "
                                  "version {}",
                                  pid_, header.version, TraceHeader::current_version));
    }
    rings_.resize(TraceArea::max_rings);
}

void TracedProcess::learn_tasks() {
    for (const SeenTask& task : ask_tasks(*observer_)) {
        names_.tasks.emplace(task.id, task.name);
        names_.task_places.emplace(task.id, task.created_at);
    }
}

std::uint32_t TracedProcess::threads_left_out() const noexcept {
    return area_ ? area_->header.left_out.load() : 0;
}

void TracedProcess::read() {
    for (std::size_t i = 0; i < rings_.size(); ++i) {
        if (area_->rings[i].thread.load(std::memory_order_relaxed) != 0) {
            read_ring(i);
        }
    }
}

void TracedProcess::read_ring(std::size_t index) {
    const engine::TraceRing& ring = area_->rings[index];
    const auto& events = area_->events[index];
    Ring& known = rings_[index];
    const std::uint64_t written = ring.written.load(std::memory_order_acquire);
    const std::uint64_t oldest = written - std::min<std::uint64_t>(written, events.size());
    const std::uint64_t begin = std::max(known.position, oldest);
    std::vector<TracedEvent> copied;
    copied.reserve(written - begin);
    for (std::uint64_t i = begin; i != written; ++i) {
        const engine::TraceEvent& event = events[i % events.size()];
        const std::uint64_t what = event.what.load(std::memory_order_relaxed);
        copied.push_back({what >> 8, static_cast<TraceKind>(what & 0xff),
                          event.value.load(std::memory_order_relaxed)});
    }
    // The thread may meanwhile have overwritten the oldest, and be overwriting one more.
    std::atomic_thread_fence(std::memory_order_acquire);
    const std::uint64_t now_written = ring.written.load(std::memory_order_relaxed) + 1;
    const std::uint64_t safe = now_written - std::min<std::uint64_t>(now_written, events.size());
    const std::uint64_t first = std::clamp(safe, begin, written);
    const std::uint64_t lost = first - known.position;
    if (known.thread == 0) {
        known.thread = ring.thread.load(std::memory_order_relaxed);
    } else if (lost > 0) {
        TracedThread& thread = thread_of(known.thread);
        thread.lost_events += lost;
        const std::uint64_t time = thread.events.empty() ? 0 : thread.events.back().time;
        thread.events.push_back({time, TraceKind::lost, 0});
    }
    for (std::uint64_t i = first; i != written; ++i) {
        const TracedEvent& event = copied[i - begin];
        if (event.time == 0) {
            continue; // of an earlier recording, whose memory was given back
        }
        if (event.kind == TraceKind::thread) {
            known.thread = static_cast<std::uint32_t>(event.value);
        }
        thread_of(known.thread).events.push_back(event);
        note_address(event);
        ++events_;
    }
    known.position = written;
}

TracedThread& TracedProcess::thread_of(std::uint32_t thread) {
    const auto [found, is_new] = threads_.try_emplace(thread);
    if (is_new) {
        found->second.name = thread_name(pid_, thread, *page_);
    }
    return found->second;
}

void TracedProcess::note_address(const TracedEvent& event) {
    switch (event.kind) {
    case TraceKind::place:
        if (names_.places.count(event.value) == 0) {
            new_places_.insert(event.value);
        }
        break;
    case TraceKind::type:
        if (names_.types.count(event.value) == 0) {
            new_types_.insert(event.value);
        }
        break;
    case TraceKind::function:
        if (names_.functions.count(event.value) == 0) {
            new_functions_.insert(event.value);
        }
        break;
    default: break;
    }
}

void TracedProcess::ask_names() {
    try {
        ask_some("place", new_places_);
        ask_some("type", new_types_);
        ask_some("function", new_functions_);
    } catch (const Problem&) {
        observer_.reset();
    }
}

void TracedProcess::ask_some(const char* kind, std::set<std::uint64_t>& addresses) {
    constexpr std::size_t at_once = 100; // a request has at most 4096 bytes
    while (observer_ && !addresses.empty()) {
        std::vector<std::uint64_t> asked;
        std::vector<std::string> questions;
        while (!addresses.empty() && asked.size() < at_once) {
            asked.push_back(addresses.extract(addresses.begin()).value());
            questions.push_back(fmt::format("{}:{:x}", kind, asked.back()));
        }
        const msgpack::object_handle answer = observer_->ask("names", questions);
        const auto names = answer->as<std::map<std::string, msgpack::object>>()
                               .at("names")
                               .as<std::vector<msgpack::object>>();
        for (std::size_t i = 0; i < std::min(names.size(), asked.size()); ++i) {
            if (*kind == 'p') {
                names_.places[asked[i]] = place_of(names[i]);
                continue;
            }
            const auto parts = names[i].as<std::vector<msgpack::object>>();
            if (*kind == 't') {
                names_.types[asked[i]] = parts.empty() ? "" : parts[0].as<std::string>();
            } else {
                const Frame function{parts.at(0).as<std::string>(), parts.at(1).as<std::string>(),
                                     parts.at(2).as<std::uint64_t>()};
                // The last line is that of the function itself, and not of what is inlined in it.
                names_.functions[asked[i]] = function_name(symbols_->describe(function).back());
            }
        }
    }
}

} // namespace hocket::tool
