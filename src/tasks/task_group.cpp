#include <hocket/task_group.hpp>

#include <string>

#include <hocket/errors.hpp>

#include "loop/event_loop_state.hpp"
#include "loop/report.hpp"
#include "loop/step_timer.hpp"

namespace hocket {

namespace detail {

/// Notifies a group that one of its tasks is done. Does so one turn later, as Python's done
/// callbacks do.
class GroupMember final : public CompletionWaiter, public engine::Runnable {
public:
    static void* operator new(std::size_t size) { return allocate_frame(size); }
    static void operator delete(void* memory, std::size_t size) noexcept {
        free_frame(memory, size);
    }

    GroupMember(GroupMembers& group, TaskBase& task) : link(*this), group_(&group), task_(&task) {
        task.ref();
    }

    void on_done(TaskBase& task) noexcept override { task.loop().ready->push(*this); }
    void run() noexcept override {
        StepTimer::describe(task_->loop(),
                            [this] { return "<end of " + task_->describe() + " in its group>"; });
        if (group_ != nullptr) {
            group_->members_.erase(link);
            group_->on_task_done(*task_);
        }
        delete this;
    }
    void discard() noexcept override {
        if (group_ != nullptr) {
            group_->members_.erase(link);
        }
        delete this;
    }
    [[nodiscard]] TaskBase* awaiting_task() const noexcept override {
        return group_ != nullptr ? &group_->parent() : nullptr;
    }

    [[nodiscard]] TaskBase& task() const noexcept { return *task_; }

    /// Called when the group is destroyed because its loop is closed.
    void forget_group() noexcept {
        group_ = nullptr;
        if (is_linked()) {
            task_->remove_waiter(*this);
            delete this;
        }
    }

    GroupMembers::Link link;

private:
    GroupMembers* group_;
    TaskPointer<TaskBase> task_;
};

namespace {

enum class Kind { none, cancelled, interrupt, other };

Kind kind_of(const std::exception_ptr& error) {
    if (!error) {
        return Kind::none;
    }
    try {
        std::rethrow_exception(error);
    } catch (const CancelledError&) {
        return Kind::cancelled;
    } catch (const KeyboardInterrupt&) {
        return Kind::interrupt;
    } catch (...) {
        return Kind::other;
    }
}

TaskBase& require_parent() {
    const LoopCore* core = running_core();
    if (core == nullptr || core->current == nullptr) {
        throw RuntimeError("a TaskGroup can only be used inside of a task");
    }
    return *core->current;
}

} // namespace

GroupMembers::GroupMembers() : parent_(require_parent()) {}

GroupMembers::~GroupMembers() {
    while (Link* link = members_.pop_front()) {
        link->member.forget_group();
    }
}

void GroupMembers::require_open() const {
    if (aborting_) {
        throw RuntimeError("cannot create a task: the TaskGroup of " + parent_.name() +
                           " is shutting down");
    }
    if (!is_open()) {
        throw RuntimeError("cannot create a task: the TaskGroup of " + parent_.name() +
                           " is finished");
    }
}

void GroupMembers::add(TaskBase& task) {
    auto* member = new GroupMember(*this, task);
    members_.push_back(member->link);
    if (task.done()) { // it was started eagerly
        member->on_done(task);
    } else {
        task.add_waiter(*member);
    }
}

void GroupMembers::abort() {
    aborting_ = true;
    for (Link* link = members_.front(); link != nullptr; link = members_.after(*link)) {
        cancel_or_report(link->member.task());
    }
}

void GroupMembers::on_task_done(TaskBase& task) {
    if (members_.empty()) {
        all_done_.set();
    }
    if (task.state() != TaskBase::State::failed) {
        return;
    }
    errors_.push_back(task.error());
    if (!base_error_ && kind_of(errors_.back()) == Kind::interrupt) {
        base_error_ = errors_.back();
    }
    if (!aborting_ && !parent_cancel_requested_) {
        // The group cancels its body, and undoes that (uncancel) before it ends.
        abort();
        parent_cancel_requested_ = true;
        cancel_or_report(parent_);
    }
}

Coro<> GroupMembers::leave(std::exception_ptr error) {
    exiting_ = true;
    const Kind kind = kind_of(error);
    if (kind == Kind::interrupt && !base_error_) {
        base_error_ = error;
    }
    std::exception_ptr cancellation = kind == Kind::cancelled ? error : nullptr;
    if (error && !aborting_) {
        abort();
    }
    while (!members_.empty()) {
        all_done_.clear();
        // The parent may be cancelled again while the tasks clean up.
        try {
            co_await all_done_.wait();
        } catch (const CancelledError&) {
            if (!aborting_) {
                cancellation = std::current_exception();
                abort();
            }
        }
    }
    if (base_error_) {
        std::rethrow_exception(base_error_);
    }
    if (parent_cancel_requested_ && parent_.uncancel() == 0) {
        cancellation = nullptr; // it came from the group itself
    }
    if (cancellation && errors_.empty()) {
        std::rethrow_exception(cancellation);
    }
    if (error && kind != Kind::cancelled) {
        errors_.push_back(error);
    }
    if (!errors_.empty()) {
        // The group's errors hide a cancellation from outside; it is thrown at the parent's next
        // suspension.
        if (parent_.cancelling() > 0) {
            parent_.uncancel();
            parent_.cancel({});
        }
        throw ExceptionGroup("unhandled errors in a TaskGroup", std::move(errors_));
    }
}

} // namespace detail

TaskGroup::TaskGroup() = default;

Coro<> TaskGroup::leave(std::exception_ptr error) { return members_.leave(std::move(error)); }

} // namespace hocket
