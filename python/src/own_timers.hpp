#pragma once

#include "engine/reactor.hpp"

namespace hocket::python {

/// The timers of a loop whose time() was replaced, as tests do that let hours pass at once. They
/// expire by that time, which is asked in every turn.
class OwnTimers final : private engine::Timer {
public:
    OwnTimers(engine::Reactor& reactor, engine::Nanoseconds now) : reactor_(reactor), queue_(now) {}
    ~OwnTimers() { stop_waking(); }

    engine::TimerQueue& queue() noexcept { return queue_; }

    /// Before a poll: the loop does not sleep for longer than until the next timer is due, if its
    /// time goes as fast as the system's. Returns whether it may sleep at all.
    [[nodiscard]] bool may_sleep(engine::Nanoseconds now) {
        stop_waking();
        const engine::Nanoseconds deadline = queue_.next_wakeup();
        if (deadline <= now) {
            return false;
        }
        reactor_.timers().arm(*this, engine::Reactor::now() + (deadline - now));
        return true;
    }

private:
    void expire() noexcept override {}
    void stop_waking() noexcept {
        if (is_armed()) {
            reactor_.timers().cancel(*this);
        }
    }

    engine::Reactor& reactor_;
    engine::TimerQueue queue_;
};

} // namespace hocket::python
