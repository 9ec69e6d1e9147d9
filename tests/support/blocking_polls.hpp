#pragma once

#include <functional>
#include <utility>

#include <hocket/event_loop.hpp>

#include "loop/event_loop_state.hpp"

/// As long as it exists, calls `at_wake` when the loop wakes from its `step`-th wait (0: the
/// first), before the loop handles the events. Counting waits makes a test independent of how long
/// they take.
class AtBlockingPoll {
public:
    AtBlockingPoll(hocket::EventLoop& loop, int step, std::function<void()> at_wake)
        : reactor_(hocket::detail::reactor_of(loop)), left_(step), at_wake_(std::move(at_wake)) {
        reactor_.set_blocking_hooks({[](void*) noexcept {}, &AtBlockingPoll::after, this});
    }
    ~AtBlockingPoll() { reactor_.set_blocking_hooks({}); }
    AtBlockingPoll(const AtBlockingPoll&) = delete;
    AtBlockingPoll& operator=(const AtBlockingPoll&) = delete;

private:
    static void after(void* context) noexcept {
        auto& self = *static_cast<AtBlockingPoll*>(context);
        if (self.left_-- == 0) {
            self.at_wake_();
        }
    }

    hocket::engine::Reactor& reactor_;
    int left_;
    std::function<void()> at_wake_;
};
