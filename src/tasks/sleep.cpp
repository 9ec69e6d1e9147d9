#include <hocket/sleep.hpp>

#include "loop/event_loop_state.hpp"

namespace hocket {

namespace detail {

Sleep::operator Coro<void>() const { return sleep_coro(delay_); }

void SleepAwaiter::arm() {
    engine::Reactor& reactor = reactor_of(*task_->loop().loop);
    reactor.timers().arm(*this, engine::Reactor::now() + deadline());
}

bool SleepAwaiter::cancel(std::string_view) noexcept {
    reactor_of(*task_->loop().loop).timers().cancel(*this);
    task_->interrupt();
    return true;
}

Coro<void> sleep_coro(engine::Nanoseconds delay) { co_await Sleep(delay); }

} // namespace detail

Coro<> sleep_until(std::chrono::steady_clock::time_point when) {
    co_await sleep(when - std::chrono::steady_clock::now());
}

} // namespace hocket
