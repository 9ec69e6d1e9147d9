#pragma once

#include <exception>
#include <vector>

#include <hocket/coro.hpp>
#include <hocket/detail/loop/task_base.hpp>
#include <hocket/engine/intrusive_list.hpp>
#include <hocket/event.hpp>

namespace hocket::detail {

class GroupMember;

/// The tasks of a TaskGroup and their errors. A line-by-line port of asyncio/taskgroups.py.
class GroupMembers {
public:
    GroupMembers(); ///< The running task becomes the parent.
    ~GroupMembers();
    GroupMembers(const GroupMembers&) = delete;
    GroupMembers& operator=(const GroupMembers&) = delete;

    [[nodiscard]] TaskBase& parent() const noexcept { return parent_; }
    [[nodiscard]] bool is_open() const noexcept {
        return !aborting_ && !(exiting_ && members_.empty());
    }
    /// Throws RuntimeError if no more tasks may be created.
    void require_open() const;
    void add(TaskBase& task);
    /// Waits for the tasks and throws the group's error, if any; see TaskGroup::leave.
    Coro<> leave(std::exception_ptr error);

private:
    friend class GroupMember;

    /// Links a member into its group's list. (As a CompletionWaiter it is also in a list of its
    /// task.)
    struct Link final : engine::ListLink {
        explicit Link(GroupMember& owner) noexcept : member(owner) {}
        GroupMember& member;
    };
    void abort();
    void on_task_done(TaskBase& task);

    TaskBase& parent_;
    bool exiting_ = false;
    bool aborting_ = false;
    bool parent_cancel_requested_ = false;
    engine::IntrusiveList<Link> members_;
    Event all_done_;
    std::vector<std::exception_ptr> errors_;
    std::exception_ptr base_error_; // a KeyboardInterrupt
};

} // namespace hocket::detail
