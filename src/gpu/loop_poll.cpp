#include "gpu/loop_poll.hpp"

#include <system_error>

#include <sched.h>

namespace hocket::detail::gpu {

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
    if (event_->is_complete()) {
        return true;
    }
    if (Clock::now() < end_) {
        return false;
    }
    try {
        event_->watch();
        return true;
    } catch (const std::system_error&) { // no thread can be started: goes on asking
        return false;
    }
}

} // namespace hocket::detail::gpu
