#include <hocket/timeout.hpp>

#include <hocket/errors.hpp>
#include <hocket/event_loop.hpp>

#include "engine/format_seconds.hpp"

namespace hocket {

namespace {

detail::TaskBase& require_task() {
    const detail::LoopCore* core = detail::running_core();
    if (core == nullptr || core->current == nullptr) {
        throw RuntimeError("a timeout can only be used inside of a task");
    }
    return *core->current;
}

} // namespace

Timeout::Timeout(std::optional<TimePoint> when)
    : task_(require_task()),
      cancelling_(task_.cancelling()),
      entered_(std::chrono::steady_clock::now()) {
    reschedule(when);
}

Timeout::Timeout(std::chrono::nanoseconds delay)
    : Timeout(std::optional(detail::deadline_after(delay))) {}

Timeout::~Timeout() { leave(); }

void Timeout::reschedule(std::optional<TimePoint> when) {
    if (state_ != State::active) {
        throw RuntimeError(state_ == State::finished
                               ? "cannot reschedule a timeout whose body has ended"
                               : "cannot reschedule a timeout that has expired");
    }
    when_ = when;
    handle_.cancel();
    handle_ = Handle();
    if (!when) {
        return;
    }
    EventLoop& loop = *task_.loop().loop;
    handle_ = *when <= loop.time() ? loop.call_soon([this] { expire(); })
                                   : loop.call_at(*when, [this] { expire(); });
}

void Timeout::expire() {
    handle_ = Handle();
    task_.cancel({});
    state_ = State::expiring;
}

bool Timeout::leave() noexcept {
    handle_.cancel();
    handle_ = Handle();
    if (state_ == State::expiring) {
        state_ = State::expired;
        return task_.uncancel() <= cancelling_;
    }
    if (state_ == State::active) {
        state_ = State::finished;
    }
    return false;
}

void Timeout::leave_with_exception() {
    if (!leave()) {
        return;
    }
    try {
        throw;
    } catch (const CancelledError&) {
        throw TimeoutError("timed out after " +
                           engine::format_seconds(std::chrono::steady_clock::now() - entered_, 6,
                                                  std::chars_format::general));
    } catch (...) {
        // The body failed with another exception, which the caller rethrows.
    }
}

} // namespace hocket
