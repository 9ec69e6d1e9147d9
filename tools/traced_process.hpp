#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <sys/types.h>

#include "engine/trace_layout.hpp"
#include "observed_process.hpp"
#include "seen_tasks.hpp"
#include "symbols.hpp"

namespace hocket::tool {

struct TracedEvent {
    std::uint64_t time = 0; ///< ticks
    engine::TraceKind kind{};
    std::uint64_t value = 0;
};

/// The events of one thread, the oldest first. Where some were overwritten before they were read,
/// there is an event of kind `lost`.
struct TracedThread {
    std::string name;
    std::vector<TracedEvent> events;
    std::uint64_t lost_events = 0;
};

/// What the addresses and numbers in a process's events mean.
struct TraceNames {
    std::map<std::uint64_t, std::string> tasks; ///< of tasks that were there at the beginning
    std::map<std::uint64_t, Place> task_places; ///< of the same
    std::map<std::uint64_t, Place> places;
    std::map<std::uint64_t, std::string> types;
    std::map<std::uint64_t, std::string> functions;
};

/// A process whose trace is read while it is recorded.
class TracedProcess {
public:
    /// What happens is recorded as long as this object exists. Throws Problem if the process cannot
    /// be asked to.
    static TracedProcess record(pid_t process);
    /// For a process that always records: what its rings hold now. Throws Problem if it does not.
    static TracedProcess look_back(pid_t process);

    /// Copies what is new in the rings.
    void read();
    /// Asks for the meaning of all addresses that are new. If the process has ended, some stay
    /// unknown.
    void ask_names();

    [[nodiscard]] pid_t pid() const noexcept { return pid_; }
    /// The parent, its parent, and so on.
    [[nodiscard]] const std::vector<pid_t>& ancestors() const noexcept { return ancestors_; }
    [[nodiscard]] const std::string& program() const noexcept { return program_; }
    [[nodiscard]] const ProcessPage& page() const noexcept { return page_; }
    [[nodiscard]] const std::map<std::uint32_t, TracedThread>& threads() const noexcept {
        return threads_;
    }
    [[nodiscard]] const TraceNames& names() const noexcept { return names_; }
    /// The number of events read so far.
    [[nodiscard]] std::uint64_t events() const noexcept { return events_; }
    /// Threads that left no events because all rings were taken.
    [[nodiscard]] std::uint32_t threads_left_out() const noexcept;

private:
    struct Ring {
        std::uint64_t position = 0;
        std::uint32_t thread = 0;
    };

    TracedProcess(pid_t process, Observer observer, ProcessPage page);
    void map_area();
    void learn_tasks();
    void read_ring(std::size_t index);
    TracedThread& thread_of(std::uint32_t thread);
    void note_address(const TracedEvent& event);
    void ask_some(const char* kind, std::set<std::uint64_t>& addresses);

    pid_t pid_;
    std::vector<pid_t> ancestors_;
    std::string program_;
    std::optional<Observer> observer_; // nothing once it has stopped answering
    ProcessPage page_;
    std::unique_ptr<Symbols> symbols_;
    std::shared_ptr<const engine::TraceArea> area_;
    std::vector<Ring> rings_;
    std::map<std::uint32_t, TracedThread> threads_;
    TraceNames names_;
    std::set<std::uint64_t> new_places_;
    std::set<std::uint64_t> new_types_;
    std::set<std::uint64_t> new_functions_;
    std::uint64_t events_ = 0;
};

/// The parent of a process, its parent, and so on.
[[nodiscard]] std::vector<pid_t> ancestors_of(pid_t process);

} // namespace hocket::tool
