#pragma once

#include <cstdint>
#include <exception>

#include <hocket/engine/intrusive_list.hpp>
#include <hocket/engine/ready_queue.hpp>

namespace hocket {
class EventLoop;
}

namespace hocket::detail {

class CancelWalk;
class PromiseBase;
class TaskBase;

/// The part of an EventLoop that tasks touch at every step; nothing in it is for other threads.
struct LoopCore {
    engine::ReadyQueue* ready = nullptr;
    TaskBase* current = nullptr;     // the task that is running
    PromiseBase* transfer = nullptr; // the coroutine that the running task goes on with
    std::exception_ptr in_flight;    // on its way from a coroutine to who awaits it
    char* stack_limit = nullptr;     // below it, a coroutine is started by the loop, not nested
    engine::IntrusiveList<TaskBase> tasks; // those that are not done
    std::uint64_t next_task_id = 0;
    std::uint64_t last_task_id = 0;    // ids are handed out to loops in blocks
    CancelWalk* cancel_walk = nullptr; // the innermost cancel() that is under way
    bool debug = false;
    EventLoop* loop = nullptr;
};

/// The loop that runs on this thread; nullptr when none does. Not inlined: a compiler may otherwise
/// keep a thread's address of it across a suspension.
[[nodiscard]] LoopCore* running_core() noexcept;

/// As running_core, but throws RuntimeError when no loop runs on this thread.
[[nodiscard]] LoopCore& require_running_core();

} // namespace hocket::detail
