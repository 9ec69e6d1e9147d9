#include <hocket/detail/loop/task_base.hpp>

#include <bit>
#include <ostream>

#include <hocket/detail/loop/promise_base.hpp>
#include <hocket/detail/loop/task_state.hpp>
#include <hocket/errors.hpp>
#include <hocket/event_loop.hpp>

#include "engine/status_layout.hpp"
#include "engine/trace.hpp"
#include "loop/cancel_walk.hpp"
#include "loop/context_scope.hpp"
#include "loop/describe_place.hpp"
#include "loop/interrupt_loop.hpp"
#include "loop/report.hpp"
#include "loop/step_timer.hpp"

namespace hocket::detail {

namespace {

// Ids for "Task-N" are taken in blocks, so that creating a task usually needs no atomic operation.
constexpr std::uint64_t id_block = 1024;
std::atomic<std::uint64_t> next_id_block{1};

std::uint64_t next_task_id(LoopCore& loop) noexcept {
    if (loop.next_task_id == loop.last_task_id) {
        loop.next_task_id = next_id_block.fetch_add(id_block, std::memory_order_relaxed);
        loop.last_task_id = loop.next_task_id + id_block;
    }
    return loop.next_task_id++;
}

TaskBase::State how_it_ended(const std::exception_ptr& error) noexcept {
    try {
        std::rethrow_exception(error);
    } catch (const CancelledError&) {
        return TaskBase::State::cancelled;
    } catch (const KeyboardInterrupt&) {
        interrupt_loop(error);
    } catch (...) {
    }
    return TaskBase::State::failed;
}

/// Posts the cancellation to the task's own loop. Returns false if the task is done.
bool post_cancel(TaskBase& task, std::string_view message) {
    if (task.done()) {
        return false;
    }
    task.ref();
    AnyTask handle{TaskPointer<TaskBase>(&task)};
    task.loop().loop->call_soon_threadsafe(
        [handle = std::move(handle), text = std::string(message)]() mutable {
            handle.cancel(text);
        });
    return true;
}

} // namespace

TaskBase::TaskBase(LoopCore& loop, std::source_location created_at)
    : loop_(&loop), root_(nullptr), created_at_(created_at), id_(next_task_id(loop)) {
    if (ContextPointer context = copy_current_context()) [[unlikely]] {
        extras().context = std::move(context);
    }
}

TaskBase::~TaskBase() {
    if (has_error()) {
        std::destroy_at(&error_);
    }
}

void TaskBase::start(PromiseBase& root, bool eager) {
    root.task = this;
    root_ = leaf_ = &root;
    loop_->tasks.push_back(*this);
    engine::add(loop_->status->tasks_started, 1);
    if (engine::is_traced()) [[unlikely]] {
        trace_creation();
    }
    if (eager) {
        const ContextScope own_context(nullptr);
        run();
    } else {
        loop_->ready->push(*this);
    }
}

void TaskBase::trace_creation() const noexcept {
    engine::trace(engine::TraceKind::task_created, id_);
    engine::trace(engine::TraceKind::place,
                  reinterpret_cast<std::uintptr_t>(std::bit_cast<const void*>(created_at_)));
    engine::trace_text(given_name());
}

void TaskBase::run() noexcept {
    LoopCore& loop = *loop_;
    if ((flags_ & started) == 0) {
        flags_ |= started;
        if ((flags_ & must_cancel) != 0) [[unlikely]] {
            finish(State::cancelled, make_cancelled());
            return;
        }
    }
    TaskBase* const outer = std::exchange(loop.current, this);
    // Cleared, because the coroutine may end and be destroyed while print_tasks still uses leaf_.
    PromiseBase* next = std::exchange(leaf_, nullptr);
    do {
        next->handle().resume();
        next = std::exchange(loop.transfer, nullptr);
    } while (next != nullptr);
    loop.current = outer;
    if (root_->is_finished()) {
        finish_coroutine();
    } else if ((flags_ & must_cancel) != 0 && waiting_on_ != nullptr) [[unlikely]] {
        cancel_itself();
    }
}

/// Called when the task was cancelled by itself before it suspended here.
void TaskBase::cancel_itself() noexcept {
    try {
        if (CancelWalk(*this, extras_ ? extras_->cancel_message : std::string_view())
                .cancel_operation()) {
            flags_ &= static_cast<std::uint8_t>(~must_cancel);
        }
    } catch (...) {
        report_exception(*loop_, "a task cannot be cancelled", std::current_exception(), this);
    }
}

void TaskBase::finish_coroutine() noexcept {
    if (root_->state == ResultState::error) [[unlikely]] {
        std::exception_ptr error = std::exchange(loop_->in_flight, nullptr);
        const State how = how_it_ended(error);
        finish(how, std::move(error));
        return;
    }
    try {
        collect(*root_);
    } catch (...) {
        finish(State::failed, std::current_exception()); // moving the value threw
        return;
    }
    // The task was cancelled in its last step. As in Python, the cancellation overrides a result
    // but not an error.
    if ((flags_ & must_cancel) != 0) [[unlikely]] {
        drop_result();
        finish(State::cancelled, make_cancelled());
        return;
    }
    finish(State::finished, nullptr);
}

void TaskBase::set_outcome(State how, std::exception_ptr error) noexcept {
    leaf_ = nullptr;
    waiting_on_ = nullptr;
    if (how != State::finished) {
        std::construct_at(&error_, std::move(error));
    }
    state_.store(how, std::memory_order_release);
    if (loop_->next_listed == this) {
        loop_->next_listed = loop_->tasks.after(*this);
    }
    loop_->tasks.erase(*this);
    StepTimer::describe_ending(*this);
    engine::add(loop_->status->tasks_ended, 1);
}

void TaskBase::finish(State how, std::exception_ptr error) noexcept {
    root_->handle().destroy();
    set_outcome(how, std::move(error));
    while (CompletionWaiter* waiter = waiters_.pop_front()) {
        waiter->on_done(*this);
    }
    unref();
}

void TaskBase::destroy() noexcept {
    if (state() == State::failed && (flags_ & retrieved) == 0) [[unlikely]] {
        report_never_retrieved(*this, error_);
    }
    delete this;
}

void TaskBase::abandon() noexcept {
    report_destroyed_pending(*this);
    if (waiting_on_ != nullptr) {
        try {
            CancelWalk(*this, "the event loop was closed").cancel_operation();
        } catch (const RuntimeError&) {
            // The task is part of a cycle, of which all tasks are abandoned.
        }
    }
    root_->handle().destroy();
    set_outcome(State::cancelled,
                std::make_exception_ptr(CancelledError("the event loop was closed")));
    while (CompletionWaiter* waiter = waiters_.pop_front()) {
        waiter->discard();
    }
    unref();
}

std::exception_ptr TaskBase::error() noexcept {
    mark_retrieved();
    return has_error() ? error_ : nullptr;
}

void TaskBase::throw_outcome() {
    if (!done()) {
        throw_not_done(*this);
    }
    mark_retrieved();
    std::rethrow_exception(error_);
}

bool TaskBase::cancel(std::string_view message) {
    if (running_core() != loop_) {
        return post_cancel(*this, message);
    }
    if (done()) {
        return false;
    }
    CancelWalk(*this, message).cancel();
    return true;
}

bool TaskBase::pass_on_cancel() {
    if (done()) {
        return false;
    }
    loop_->cancel_walk->add(*this);
    return true;
}

void TaskBase::cancel_here(std::string_view message) {
    ++cancels_;
    if (waiting_on_ != nullptr) {
        if (!message.empty() || extras_) {
            extras().cancel_message = message;
        }
        if (waiting_on_->cancel(message)) {
            return;
        }
    }
    if (!message.empty() || extras_) {
        extras().cancel_message = message;
    }
    flags_ |= must_cancel;
}

int TaskBase::uncancel() noexcept {
    if (cancels_ > 0 && --cancels_ == 0) {
        flags_ &= static_cast<std::uint8_t>(~must_cancel);
    }
    return cancels_;
}

std::exception_ptr TaskBase::make_cancelled() {
    return std::make_exception_ptr(
        CancelledError(extras_ ? extras_->cancel_message : std::string()));
}

void TaskBase::throw_cancelled() {
    throw CancelledError(extras_ ? extras_->cancel_message : std::string());
}

TaskBase::Extras& TaskBase::extras() {
    if (!extras_) {
        extras_ = std::make_unique<Extras>();
    }
    return *extras_;
}

std::string TaskBase::name() const {
    return extras_ && !extras_->name.empty() ? extras_->name : "Task-" + std::to_string(id_);
}

void TaskBase::set_name(std::string name) {
    engine::trace(engine::TraceKind::task_named, id_);
    engine::trace_text(name);
    extras().name = std::move(name);
}

std::source_location TaskBase::waiting_at() const noexcept {
    for (const PromiseBase* promise = leaf_; promise != nullptr; promise = promise->continuation) {
        if (!is_in_library(promise->where)) {
            return promise->where;
        }
    }
    return leaf_ != nullptr ? leaf_->where : std::source_location();
}

std::string TaskBase::describe() const {
    return "<Task '" + name() + "' created at " + describe_place(created_at_) + ">";
}

void TaskBase::print_stack(std::ostream& out) const {
    if (done()) {
        out << "No stack for " << describe() << ": it is done\n";
        return;
    }
    out << "Stack for " << describe() << " (most recent await last):\n";
    std::vector<const PromiseBase*> chain;
    // For the running task, only the last await of its outermost coroutine is known.
    for (const PromiseBase* promise = leaf_ != nullptr ? leaf_ : root_; promise != nullptr;
         promise = promise->continuation) {
        chain.push_back(promise);
    }
    for (auto promise = chain.rbegin(); promise != chain.rend(); ++promise) {
        const std::source_location& place = (*promise)->where;
        out << "  " << describe_place(place) << " in " << place.function_name() << '\n';
    }
}

void throw_not_done(const TaskBase& task) {
    throw InvalidStateError("the result of " + task.name() +
                            " is not ready: the task is still running");
}

void TaskAwaiterBase::require_awaitable(const TaskBase& task, const TaskBase& awaited) {
    if (&task == &awaited) {
        throw RuntimeError(task.name() + " cannot await itself");
    }
    if (&task.loop() != &awaited.loop()) {
        throw RuntimeError(task.name() + " cannot await " + awaited.name() +
                           ": it belongs to a different event loop (use run_coroutine_threadsafe)");
    }
}

void PromiseBase::rethrow() {
    std::rethrow_exception(std::exchange(task->loop().in_flight, nullptr));
}

void throw_already_awaited(const PromiseBase* promise) {
    if (promise == nullptr) {
        throw RuntimeError("cannot await an empty Coro: it was moved from");
    }
    throw RuntimeError(std::string("cannot await the coroutine '") +
                       promise->where.function_name() + "' again: it has already been awaited");
}

} // namespace hocket::detail
