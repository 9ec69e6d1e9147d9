#include <bit>
#include <cstddef>
#include <functional>
#include <ostream>
#include <source_location>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include <hocket/event_loop.hpp>

#include "loop/describe_place.hpp"

namespace hocket {

namespace {

using detail::TaskBase;

/// If more tasks than this were created at the same place and wait at the same place, they are
/// printed as one line.
constexpr std::size_t most_alike = 10;
/// A longer chain of awaits is continued as a separate tree, because the indentation of a hundred
/// thousand levels would exhaust the memory.
constexpr std::size_t deepest = 100;

/// A source_location is a pointer to data that the compiler generated for the place.
const void* token_of(const std::source_location& place) noexcept {
    return std::bit_cast<const void*>(place);
}

/// Tasks with the same key differ only in their names.
struct Alike {
    const void* created_at;
    const void* waiting_at;
    bool cancelling;
    friend bool operator==(const Alike&, const Alike&) noexcept = default;
};

struct HashAlike {
    std::size_t operator()(const Alike& alike) const noexcept {
        const std::hash<const void*> hash;
        return hash(alike.created_at) * 31 + hash(alike.waiting_at) + (alike.cancelling ? 1 : 0);
    }
};

Alike alike_of(const TaskBase& task) {
    return {token_of(task.created_at()), token_of(task.waiting_at()), task.cancelling() > 0};
}

/// The tasks of a loop as a forest; below each task are those it awaits.
class TaskTree {
public:
    TaskTree(const detail::LoopCore& loop, std::ostream& out) : out_(out) {
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

    void print() {
        out_ << tasks_.size() << (tasks_.size() == 1 ? " task\n" : " tasks\n");
        std::vector<TaskBase*> roots;
        for (TaskBase* task : tasks_) {
            if (awaited_.empty() || !awaited_.contains(task)) {
                roots.push_back(task);
            }
        }
        print_siblings(roots, "", 0);
        // The remaining tasks are those cut off at the greatest depth, or form a cycle.
        for (TaskBase* task : tasks_) {
            if (awaited_.contains(task) && !printed_.contains(task)) {
                print_siblings({task}, "", 0);
            }
        }
    }

private:
    struct Group {
        std::size_t count = 0;
        const TaskBase* last = nullptr;
        bool is_printed = false;
    };

    [[nodiscard]] bool awaits_tasks(TaskBase* task) const {
        return !awaited_by_.empty() && awaited_by_.contains(task);
    }

    void print_siblings(const std::vector<TaskBase*>& tasks, const std::string& indent,
                        std::size_t depth) {
        std::unordered_map<Alike, Group, HashAlike> groups;
        if (tasks.size() > most_alike) {
            for (TaskBase* task : tasks) {
                if (!awaits_tasks(task)) {
                    Group& group = groups[alike_of(*task)];
                    ++group.count;
                    group.last = task;
                }
            }
        }
        std::vector<std::pair<TaskBase*, const Group*>> lines;
        for (TaskBase* task : tasks) {
            Group* group = nullptr;
            if (!groups.empty() && !awaits_tasks(task)) {
                group = &groups[alike_of(*task)];
            }
            if (group == nullptr || group->count <= most_alike) {
                lines.emplace_back(task, nullptr);
            } else if (!std::exchange(group->is_printed, true)) {
                lines.emplace_back(task, group);
            }
        }
        for (const auto& [task, group] : lines) {
            const bool last = task == lines.back().first;
            const bool is_root = depth == 0;
            out_ << indent << (is_root ? "" : last ? "└── " : "├── ");
            if (group != nullptr) {
                out_ << group->count << " tasks, " << task->name() << " to " << group->last->name();
                print_place(*task);
            } else {
                print_one(*task, indent + (is_root ? "" : last ? "    " : "│   "), depth);
            }
        }
    }

    void print_one(TaskBase& task, const std::string& indent, std::size_t depth) {
        out_ << task.name();
        if (awaited_.contains(&task) && printed_.contains(&task)) {
            out_ << " (see above)\n";
            return;
        }
        if (depth == deepest) {
            out_ << " (see below)\n";
            return;
        }
        if (awaited_.contains(&task)) {
            printed_.insert(&task);
        }
        print_place(task);
        if (awaits_tasks(&task)) {
            print_siblings(awaited_by_.at(&task), indent, depth + 1);
        }
    }

    void print_place(const TaskBase& task) {
        const auto place = task.waiting_at();
        out_ << " at " << detail::describe_place(place);
        if (place.line() != 0) {
            out_ << " in " << place.function_name();
        }
        if (task.cancelling() > 0) {
            out_ << ", cancelling";
        }
        out_ << '\n';
    }

    std::ostream& out_;
    std::vector<TaskBase*> tasks_;
    std::unordered_map<TaskBase*, std::vector<TaskBase*>> awaited_by_;
    std::unordered_set<TaskBase*> awaited_;
    std::unordered_set<TaskBase*> printed_; // only awaited ones
};

} // namespace

void EventLoop::print_tasks(std::ostream& out) const { TaskTree(core(), out).print(); }

} // namespace hocket
