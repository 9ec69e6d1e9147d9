#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory_resource>
#include <source_location>
#include <string>
#include <vector>

#include <hocket/engine/operation.hpp>

#include "engine/reactor.hpp"

namespace hocket::observer {

/// What is known of a task that is not done.
struct TaskRecord {
    enum class State : std::uint8_t { ready, waiting, running };

    std::uint64_t id = 0;
    std::string name; ///< empty: "Task-<id>"
    std::source_location created_at;
    std::source_location waiting_at;
    engine::WaitReason reason; ///< while waiting
    State state = State::ready;
    bool cancelling = false;
    std::vector<std::uint64_t> awaited_by; ///< the ids of the tasks that await it
};

/// What the loop's thread runs at the moment; filled in by a signal handler.
struct RunningTask {
    std::uint64_t id = 0; ///< 0: no task, but a callback
    std::array<char, 64> name{};
    std::source_location created_at;
};

/// A loop that can be looked at. Implemented by the layer that knows tasks.
class InspectedLoop {
public:
    [[nodiscard]] virtual engine::Reactor& inspected_reactor() noexcept = 0;

    // Called on the loop's thread.
    /// Starts a new list at the first task.
    virtual void begin_list() noexcept = 0;
    /// Adds tasks to `list` until all are there, which it returns, or time is up.
    [[nodiscard]] virtual bool list_some(std::pmr::deque<TaskRecord>& list) = 0;
    /// Called by a signal handler on the loop's thread.
    virtual void describe_running(RunningTask& into) const noexcept = 0;

protected:
    ~InspectedLoop() = default;
};

/// Makes a loop known to the observer. Any thread may call these; the loop must be forgotten before
/// it is closed.
void remember_loop(InspectedLoop& loop);
void forget_loop(InspectedLoop& loop) noexcept;

[[nodiscard]] bool has_loops();

/// Calls `look` with each of this process's loops; none of them can be closed meanwhile.
void for_each_loop(const std::function<void(InspectedLoop&)>& look);

} // namespace hocket::observer
