#include <hocket/event_loop.hpp>

#include <utility>

#include <pthread.h>
#include <unistd.h>

#include <hocket/errors.hpp>

#include "engine/trace.hpp"
#include "loop/context_scope.hpp"
#include "loop/event_loop_state.hpp"
#include "loop/report.hpp"
#include "observe/observer.hpp"

namespace hocket {

namespace detail {

namespace {

thread_local LoopCore* running = nullptr;

// How much stack a chain of coroutines that start each other may use; deeper ones are started by
// the loop. Small enough for any thread's stack, large enough to be reached rarely.
constexpr std::ptrdiff_t stack_budget = 64 * 1024;

/// A forked child has none of its parent's loops. It can run its own loop, and signals that a loop
/// of the parent has taken over get their previous disposition in the child.
void forget_loops_of_parent() noexcept {
    running = nullptr;
    engine::Signals::give_back_in_child();
}

/// Makes a loop the running one of this thread.
class RunningScope {
public:
    explicit RunningScope(EventLoopState& state) : state_(state) {
        static const int registered = ::pthread_atfork(nullptr, nullptr, forget_loops_of_parent);
        static_cast<void>(registered); // ENOMEM: children cannot run loops
        if (running != nullptr) {
            throw RuntimeError(
                "cannot run an event loop while another one is running in this thread");
        }
        if (state_.running) {
            throw RuntimeError("this event loop is already running, in another thread");
        }
        if (state_.closed) {
            throw RuntimeError("the event loop is closed");
        }
        running = &state_.core;
        state_.running = true;
        state_.reactor.status().thread.store(static_cast<std::uint32_t>(::gettid()),
                                             std::memory_order_relaxed);
        state_.core.stack_limit = static_cast<char*>(__builtin_frame_address(0)) - stack_budget;
    }
    ~RunningScope() {
        running = nullptr;
        state_.reactor.status().thread.store(0, std::memory_order_relaxed);
        state_.running = false;
        state_.stopping = false;
    }
    RunningScope(const RunningScope&) = delete;
    RunningScope& operator=(const RunningScope&) = delete;

private:
    EventLoopState& state_;
    const LoopContextScope context_;
};

} // namespace

LoopCore* running_core() noexcept { return running; }

LoopCore& require_running_core() {
    if (running == nullptr) {
        throw RuntimeError(
            "no running event loop in this thread: call this from within hocket::run");
    }
    return *running;
}

EventLoopState::EventLoopState(EventLoop& loop, std::string loop_name)
    : name(std::move(loop_name)) {
    core.ready = &reactor.ready();
    core.status = &*status;
    core.loop = &loop;
    engine::set_status_name(*status, name);
    reactor.set_signal_sink(this);
    observer::remember_loop(*this);
    observer::start_if_asked();
}

EventLoopState::~EventLoopState() { observer::forget_loop(*this); }

void require_usable(const EventLoop& loop) {
    if (loop.is_closed()) {
        throw RuntimeError("the event loop is closed");
    }
    if (loop.get_debug() && loop.is_running() && running != &loop.core()) {
        throw RuntimeError(
            "non-thread-safe operation invoked on an event loop other than the current "
            "one: use call_soon_threadsafe from other threads");
    }
}

} // namespace detail

EventLoop::EventLoop(std::string name)
    : state_(std::make_unique<detail::EventLoopState>(*this, std::move(name))) {}

EventLoop::~EventLoop() { close(); }

detail::LoopCore& EventLoop::core() const noexcept { return state_->core; }
const std::string& EventLoop::name() const noexcept { return state_->name; }
bool EventLoop::is_running() const noexcept { return state_->running; }
bool EventLoop::is_closed() const noexcept { return state_->closed; }
void EventLoop::set_debug(bool enabled) noexcept { state_->core.debug = enabled; }
bool EventLoop::get_debug() const noexcept { return state_->core.debug; }

void EventLoop::run_forever() {
    const detail::RunningScope scope(*state_);
    engine::Reactor& reactor = state_->reactor;
    do {
        reactor.poll(!state_->stopping);
        reactor.status().slow_after.store(
            static_cast<std::uint64_t>(slow_callback_duration.count()), std::memory_order_relaxed);
        if (state_->core.debug) [[unlikely]] {
            run_ready_timed();
        } else if (engine::is_traced()) [[unlikely]] {
            reactor.run_ready_traced();
        } else {
            reactor.run_ready();
        }
    } while (!state_->stopping);
    if (state_->interruption) {
        std::rethrow_exception(std::exchange(state_->interruption, nullptr));
    }
}

void EventLoop::run_ready_timed() {
    detail::StepTimer& timer = state_->step_timer;
    engine::Reactor& reactor = state_->reactor;
    const std::uint64_t slow_before = timer.slow_steps();
    const std::uint64_t steps = timer.run(reactor.ready().take_all(), slow_callback_duration);
    engine::add(reactor.status().slow_callbacks, timer.slow_steps() - slow_before);
    reactor.end_turn(steps);
}

void EventLoop::run_until_done(const AnyTask& task) {
    detail::require_usable(*this);
    struct StopWhenDone final : detail::CompletionWaiter {
        explicit StopWhenDone(EventLoop& to_stop) : loop(to_stop) {}
        void on_done(detail::TaskBase&) noexcept override { loop.stop(); }
        EventLoop& loop;
    } waiter(*this);
    if (!task.done()) {
        task.state().add_waiter(waiter);
        try {
            run_forever();
        } catch (...) {
            if (waiter.is_linked()) {
                task.state().remove_waiter(waiter);
            }
            throw;
        }
        if (waiter.is_linked()) {
            task.state().remove_waiter(waiter);
            throw RuntimeError("the event loop was stopped before " + task.name() + " was done");
        }
    }
}

void EventLoop::stop() noexcept { state_->stopping = true; }

void EventLoop::close() {
    if (state_->closed) {
        return;
    }
    if (state_->running) {
        throw RuntimeError("cannot close a running event loop");
    }
    observer::forget_loop(*state_);
    for (int signal = 1; signal < engine::Signals::count; ++signal) {
        remove_signal_handler(signal);
    }
    engine::Reactor& reactor = state_->reactor;
    // This comes first, because the coroutines destroyed next contain the waiters for other tasks.
    auto& tasks = state_->core.tasks;
    for (auto* task = tasks.front(); task != nullptr; task = tasks.after(*task)) {
        while (detail::CompletionWaiter* waiter = task->waiters().pop_front()) {
            waiter->discard();
        }
    }
    // The tasks may be in the ready queue, so they are kept until that is empty.
    std::vector<AnyTask> abandoned;
    while (detail::TaskBase* task = state_->core.tasks.front()) {
        task->ref();
        abandoned.emplace_back(detail::TaskPointer<detail::TaskBase>(task));
        task->abandon();
    }
    state_->network.close();
    if (state_->file_operations) {
        state_->file_operations->close();
    }
    reactor.timers().discard_all();
    reactor.discard_ready();
    state_->closed = true;
    state_->executor.reset();
}

Handle EventLoop::schedule(detail::CallbackBase& callback) {
    Handle handle(callback);
    try {
        detail::require_usable(*this);
    } catch (...) {
        callback.unref();
        throw;
    }
    state_->reactor.ready().push(callback);
    return handle;
}

Handle EventLoop::schedule_threadsafe(detail::CallbackBase& callback) {
    Handle handle(callback);
    if (state_->closed) {
        callback.unref();
        throw RuntimeError("the event loop is closed");
    }
    state_->reactor.post(callback);
    return handle;
}

Handle EventLoop::schedule_at(Clock::time_point when, detail::CallbackBase& callback) {
    Handle handle(callback);
    try {
        detail::require_usable(*this);
        state_->reactor.timers().arm(callback, when.time_since_epoch().count());
    } catch (...) {
        callback.unref();
        throw;
    }
    return handle;
}

void EventLoop::set_exception_handler(ExceptionHandler handler) {
    state_->exception_handler = std::move(handler);
}

EventLoop& get_running_loop() { return *detail::require_running_core().loop; }

} // namespace hocket
