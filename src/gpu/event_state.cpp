#include <hocket/detail/gpu/event_state.hpp>

#include <hocket/detail/gpu/stream_state.hpp>
#include <hocket/detail/loop/loop_core.hpp>

#include "gpu/event_waiter.hpp"
#include "gpu/loop_poll.hpp"

namespace hocket::detail::gpu {

EventState::~EventState() = default;

bool EventState::is_complete() noexcept {
    if (finished_.load(std::memory_order_acquire)) {
        return true;
    }
    const CommandStatus status = poll();
    if (status.done) {
        finish(status);
    }
    return status.done;
}

void EventState::watch() {
    if (is_complete() || watched_.exchange(true)) {
        return;
    }
    try {
        ref();
        driver_.waiter().watch(EventPointer(this));
    } catch (...) {
        watched_ = false;
        throw;
    }
}

void EventState::watch_from_loop() {
    const LoopCore* const core = running_core();
    if (core == nullptr) {
        watch();
    } else if (!watched_.load(std::memory_order_relaxed) && !is_complete()) {
        ref();
        LoopPoll::start(EventPointer(this), *core->ready);
    }
}

void EventState::wait_blocking() {
    if (!finished_.load(std::memory_order_acquire)) {
        finish(block());
    }
    wait(); // another thread may be about to complete it
    get();
}

bool EventState::wait_blocking(std::chrono::steady_clock::time_point deadline) {
    watch();
    if (!wait_until(deadline)) {
        return false;
    }
    get();
    return true;
}

void EventState::finish(CommandStatus status) noexcept {
    if (finished_.exchange(true, std::memory_order_acq_rel)) {
        return;
    }
    if (stream) {
        stream->ended(number);
    }
    if (status.error == 0) {
        set_value();
    } else {
        set_error(driver_.failure(call_, status.error, kernel_ ? kernel_->name() : std::string()));
    }
}

} // namespace hocket::detail::gpu
