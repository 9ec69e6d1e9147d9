#include "gpu/loop_poll.hpp"

#include <system_error>

#include <sched.h>

namespace hocket::detail::gpu {

thread_local constinit LoopPoll::Clock::time_point LoopPoll::paused_until{};

void LoopPoll::start(EventPointer event, engine::ReadyQueue& ready) {
    auto* const poll = new LoopPoll(std::move(event), ready);
    if (Clock::now() < paused_until && poll->is_left_to_a_waiter()) {
        delete poll;
    } else {
        ready.push(*poll);
    }
}

void LoopPoll::run() noexcept {
    if (is_over()) {
        delete this;
        return;
    }
    if (ready_.empty()) {
        ::sched_yield(); // the device may be this processor
    }
    ready_.push(*this);
}

bool LoopPoll::is_over() noexcept {
    const auto now = Clock::now();
    if (now > end_ + late) {
        paused_until = now + pause;
    }
    return event_->is_complete() || (now >= end_ && is_left_to_a_waiter());
}

bool LoopPoll::is_left_to_a_waiter() noexcept {
    try {
        event_->watch();
        return true;
    } catch (const std::system_error&) { // no thread can be started: goes on asking
        return false;
    }
}

} // namespace hocket::detail::gpu
