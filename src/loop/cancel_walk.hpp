#pragma once

#include <string_view>
#include <vector>

#include <hocket/detail/loop/loop_core.hpp>

namespace hocket::detail {

/// One call of cancel(): cancels the task and the tasks that it awaits, which are reached through
/// the operations they wait for. Depth first, like asyncio's recursion, but with an explicit stack,
/// so that a chain may have any length.
class CancelWalk {
public:
    CancelWalk(TaskBase& task, std::string_view message) noexcept;
    ~CancelWalk();
    CancelWalk(const CancelWalk&) = delete;
    CancelWalk& operator=(const CancelWalk&) = delete;

    /// Cancels the task and everything it awaits. Throws RuntimeError if these tasks await each
    /// other in a cycle.
    void cancel();
    /// Cancels only what the task awaits. Returns false if that operation was complete. Throws like
    /// `cancel`.
    bool cancel_operation();

    /// Called by an operation that is being cancelled, if its task awaits `task`.
    void add(TaskBase& task);

private:
    struct Step {
        TaskBase* task; // holds a reference
        bool entered;   // the following steps are the tasks it awaits
        bool marked;    // by this step
    };

    static bool mark(TaskBase& task) noexcept;
    void enter(Step& step);
    void run();
    [[noreturn]] void throw_cycle(const TaskBase& task) const;

    TaskBase& root_;
    std::string_view message_;
    CancelWalk* outer_; // a callback of an operation may cancel other tasks
    bool root_marked_;
    std::vector<Step> steps_; // below the root; most tasks await no other task
};

} // namespace hocket::detail
