#pragma once

#include <string_view>
#include <vector>

#include <hocket/detail/loop/loop_core.hpp>

namespace hocket::detail {

/// One call of cancel(): the task and, through the operations that they wait on, the tasks that it
/// awaits. Depth first, as the recursion of asyncio, but with a stack of its own, so that a chain
/// of any length fits.
class CancelWalk {
public:
    CancelWalk(TaskBase& task, std::string_view message) noexcept;
    ~CancelWalk();
    CancelWalk(const CancelWalk&) = delete;
    CancelWalk& operator=(const CancelWalk&) = delete;

    /// Cancels the task and everything that it awaits. Throws RuntimeError when these tasks await
    /// each other in a circle.
    void cancel();
    /// Cancels only what the task awaits. Returns false when the operation was complete. Throws as
    /// `cancel`.
    bool cancel_operation();

    /// For an operation that is being cancelled: its task awaits `task`.
    void add(TaskBase& task);

private:
    struct Step {
        TaskBase* task; // counted
        bool entered;   // the steps above are what it awaits
        bool marked;    // by this step
    };

    static bool mark(TaskBase& task) noexcept;
    void enter(Step& step);
    void run();
    [[noreturn]] void throw_circle(const TaskBase& task) const;

    TaskBase& root_;
    std::string_view message_;
    CancelWalk* outer_; // a callback of an operation may cancel other tasks
    bool root_marked_;
    std::vector<Step> steps_; // below the root; most tasks await no other task
};

} // namespace hocket::detail
