#include <hocket/detail/loop/callback.hpp>

#include "loop/context_scope.hpp"
#include "loop/event_loop_state.hpp"
#include "loop/report.hpp"
#include "loop/step_timer.hpp"

namespace hocket::detail {

CallbackBase::CallbackBase(LoopCore& loop) noexcept
    : loop_(loop), context_(copy_current_context()) {}

void CallbackBase::run() noexcept {
    if (!withdrawn()) {
        StepTimer::describe(loop_, [] { return "<Handle of a callback>"; });
        const ContextScope scope(&context_);
        try {
            invoke();
        } catch (...) {
            report_exception(loop_, "exception in a callback", std::current_exception());
        }
    }
    unref();
}

void CallbackBase::expire() noexcept { loop_.ready->push(*this); }

void CallbackBase::withdraw() noexcept {
    withdrawn_.store(true, std::memory_order_relaxed);
    if (is_armed()) {
        reactor_of(*loop_.loop).timers().cancel(*this);
        unref();
    }
}

} // namespace hocket::detail
