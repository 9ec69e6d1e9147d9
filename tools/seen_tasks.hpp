#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "observed_process.hpp"
#include "symbols.hpp"

namespace hocket::tool {

/// A place in a source file, as an observer reports it.
struct Place {
    std::string file;
    std::uint64_t line = 0; ///< 0: unknown
    std::string function;

    [[nodiscard]] std::string brief() const; ///< "file.cpp:12"
};

[[nodiscard]] Place place_of(const msgpack::object& object);

/// A task, or a group of tasks that were created at the same place and wait at the same place.
struct SeenTask {
    std::uint64_t loop = 0;
    std::uint64_t count = 1;
    std::uint64_t id = 0;
    std::string name; ///< of the first
    Place created_at;
    Place waiting_at;
    std::string state;      ///< "ready", "waiting" or "running"
    std::string reason;     ///< what it waits for: "Lock"
    std::uint64_t task = 0; ///< the task that it waits for, or that holds the lock; 0: none
    std::string task_name;  ///< of that task
    bool cancelling = false;
    std::vector<std::uint64_t> awaited_by;

    /// "Lock held by 'flush'"
    [[nodiscard]] std::string waits_for() const;
};

/// A thread's stack at one moment.
struct SeenStack {
    std::optional<std::uint64_t> loop; ///< which the thread runs; none: a worker process's thread
    std::uint64_t id = 0;              ///< of the task that runs; 0: a callback
    std::string name;
    Place created_at;
    std::vector<Frame> frames;
};

struct SeenTasks {
    std::vector<SeenTask> tasks;        ///< in the order in which they were created
    std::vector<std::uint64_t> blocked; ///< loops that could not list theirs
};

// Each throws Problem if the answer is that of another version.
[[nodiscard]] SeenTasks ask_tasks_and_blocked(Observer& observer);
[[nodiscard]] std::vector<SeenTask> ask_tasks(Observer& observer);
/// The tasks in groups, the largest first.
[[nodiscard]] std::vector<SeenTask> ask_groups(Observer& observer);
[[nodiscard]] std::vector<SeenStack> ask_stacks(Observer& observer);

} // namespace hocket::tool
