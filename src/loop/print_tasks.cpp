#include <ostream>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include <hocket/event_loop.hpp>

#include "loop/place.hpp"

namespace hocket {

namespace {

using detail::TaskBase;

/// The tasks of a loop as a forest: below each task, those it awaits.
class TaskTree {
public:
    explicit TaskTree(const detail::LoopCore& loop) {
        for (TaskBase* task = loop.tasks.front(); task != nullptr; task = loop.tasks.after(*task)) {
            tasks_.push_back(task);
            auto& waiters = task->waiters();
            for (auto* waiter = waiters.front(); waiter != nullptr;
                 waiter = waiters.after(*waiter)) {
                if (TaskBase* awaiting = waiter->awaiting_task()) {
                    awaited_by_[awaiting].push_back(task);
                    awaited_.insert(task);
                }
            }
        }
    }

    void print(std::ostream& out) {
        out << tasks_.size() << (tasks_.size() == 1 ? " task\n" : " tasks\n");
        for (TaskBase* task : tasks_) {
            if (!awaited_.contains(task)) {
                print_below(out, *task, "", "");
            }
        }
        // What is left awaits each other in a circle.
        for (TaskBase* task : tasks_) {
            if (!printed_.contains(task)) {
                print_below(out, *task, "", "");
            }
        }
    }

private:
    void print_below(std::ostream& out, TaskBase& task, const std::string& first,
                     const std::string& rest) {
        out << first << task.name();
        if (!printed_.insert(&task).second) {
            out << " (see above)\n";
            return;
        }
        const auto place = task.waiting_at();
        out << " at " << detail::describe_place(place);
        if (place.line() != 0) {
            out << " in " << place.function_name();
        }
        if (task.cancelling() > 0) {
            out << ", cancelling";
        }
        out << '\n';
        const auto found = awaited_by_.find(&task);
        if (found == awaited_by_.end()) {
            return;
        }
        for (TaskBase* child : found->second) {
            const bool last = child == found->second.back();
            print_below(out, *child, rest + (last ? "└── " : "├── "),
                        rest + (last ? "    " : "│   "));
        }
    }

    std::vector<TaskBase*> tasks_;
    std::unordered_map<TaskBase*, std::vector<TaskBase*>> awaited_by_;
    std::unordered_set<TaskBase*> awaited_;
    std::unordered_set<TaskBase*> printed_;
};

} // namespace

void EventLoop::print_tasks(std::ostream& out) const { TaskTree(core()).print(out); }

} // namespace hocket
