#pragma once

#include <cstdint>
#include <exception>

#include <hocket/engine/intrusive_list.hpp>
#include <hocket/engine/ready_queue.hpp>

namespace hocket {
class EventLoop;
namespace engine {
struct LoopStatus;
}
} // namespace hocket

namespace hocket::detail {

class CancelWalk;
class PromiseBase;
class StepTimer;
class TaskBase;

/// The part of an EventLoop that tasks use at every step. Other threads must not access it.
struct LoopCore {
    engine::ReadyQueue* ready = nullptr;
    TaskBase* current = nullptr;     // the task that is running
    PromiseBase* transfer = nullptr; // the coroutine that the running task continues with
    std::exception_ptr in_flight;    // being passed from a coroutine to its awaiter
    char* stack_limit = nullptr;     // below it, coroutines are started by the loop, not nested
    engine::IntrusiveList<TaskBase> tasks; // the tasks that are not done
    TaskBase* next_listed = nullptr; // where a list of the tasks, made in several turns, goes on
    std::uint64_t next_task_id = 0;
    std::uint64_t last_task_id = 0;    // loops take task ids in blocks
    CancelWalk* cancel_walk = nullptr; // the innermost cancel() in progress
    engine::LoopStatus* status = nullptr;
    bool debug = false;
    StepTimer* step_timer = nullptr; // in debug mode
    EventLoop* loop = nullptr;
};

/// The loop that runs on this thread; nullptr if none does. Not inlined, because otherwise a
/// compiler may keep the address of the thread-local variable across a suspension.
[[nodiscard]] LoopCore* running_core() noexcept;

/// Like running_core, but throws RuntimeError if no loop runs on this thread.
[[nodiscard]] LoopCore& require_running_core();

} // namespace hocket::detail
