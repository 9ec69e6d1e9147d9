#include "engine/reactor.hpp"

#include <algorithm>
#include <bit>
#include <ctime>
#include <utility>

#include <sched.h>

#include "engine/ticks.hpp"
#include "engine/trace.hpp"

namespace hocket::engine {

namespace {

// While there is work, descriptors are polled only this often: a system call in every turn would
// cost a yielding task fifty times as much as the yield itself.
constexpr Nanoseconds poll_interval = 20'000;

// How long, in ticks, the length of a tick stays as it was last published: a tenth of a second, or
// more.
constexpr std::uint64_t tick_length_lasts = std::uint64_t{1} << 28;

} // namespace

Nanoseconds Reactor::now() noexcept {
    timespec time{};
    ::clock_gettime(CLOCK_MONOTONIC, &time);
    return Nanoseconds{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

Reactor::Reactor(LoopStatus* status)
    : own_status_(status == nullptr ? std::make_unique<LoopStatus>() : nullptr),
      status_(status == nullptr ? *own_status_ : *status),
      inbox_(poller_),
      far_deadline_(poller_),
      timers_(now()),
      signals_(inbox_) {}

// A turn that has work need not poll the kernel if only the inbox and the timerfd are watched:
// whether they are ready is known without it.
bool Reactor::poll_is_due(Nanoseconds& time) noexcept {
    const bool watching = poller_.size() > 2;
    if (!watching && timers_.empty()) {
        return false;
    }
    time = now();
    return watching && time - polled_at_ >= poll_interval;
}

void Reactor::poll(bool may_block) {
    Nanoseconds time = 0;
    // Items added during the previous turn's end wait for the end of this turn.
    if (!ready_.empty() || !turn_ends_.empty() || !may_block) {
        if (poll_is_due(time)) {
            const std::uint64_t awake_at = record_awake();
            status_.polled_at.store(awake_at, std::memory_order_relaxed);
            dispatch(poller_.collect(0), awake_at);
            polled_at_ = time;
        }
    } else {
        if (!busy_poll()) {
            sleep();
        }
        time = timers_.empty() ? 0 : now();
        polled_at_ = time;
    }
    deliver_signals();
    if (inbox_.has_posts()) {
        inbox_.drain(ready_);
        had_posts_ = true;
    }
    if (!timers_.empty()) {
        timers_.expire(time != 0 ? time : now());
    }
}

// Sleeps until a descriptor is ready, something is posted, or the next timer is due.
void Reactor::sleep() {
    Nanoseconds timeout = -1;
    if (!timers_.empty()) {
        const Nanoseconds time = now();
        const Nanoseconds deadline = timers_.next_wakeup();
        timeout = deadline <= time                       ? 0
                  : far_deadline_.covers(deadline, time) ? -1
                                                         : deadline - time;
    }
    if (timeout != 0 && more_posts_are_near()) {
        timeout = 0;
    }
    const std::uint64_t began = record_awake();
    if (timeout == 0 || !inbox_.prepare_to_sleep()) {
        status_.polled_at.store(began, std::memory_order_relaxed);
        dispatch(poller_.collect(0), began);
        return;
    }
    renew_tick_length(began);
    status_.asleep_since.store(began, std::memory_order_relaxed);
    if (hooks_.before != nullptr) {
        hooks_.before(hooks_.context);
    }
    trace_at(began, TraceKind::asleep);
    const int count = poller_.collect(timeout);
    inbox_.woke_up();
    if (hooks_.after != nullptr) {
        hooks_.after(hooks_.context);
    }
    const std::uint64_t woken = ticks();
    status_.asleep_since.store(0, std::memory_order_relaxed);
    status_.polled_at.store(woken, std::memory_order_relaxed);
    add(status_.asleep, woken - began);
    dispatch(count, woken);
}

/// Records how long the loop has been awake since it last asked the kernel, because what became
/// ready meanwhile had to wait. Returns the time in ticks.
std::uint64_t Reactor::record_awake() noexcept {
    const std::uint64_t time = ticks();
    const std::uint64_t awake = time - status_.polled_at.load(std::memory_order_relaxed);
    status_.lag.record(awake);
    add(status_.polls, 1);
    if (awake > status_.longest.load(std::memory_order_relaxed)) {
        status_.longest.store(awake, std::memory_order_relaxed);
    }
    return time;
}

void Reactor::renew_tick_length(std::uint64_t time) noexcept {
    if (time - header_.recent_ticks.load(std::memory_order_relaxed) > tick_length_lasts) {
        header_.recent_ticks.store(ticks(), std::memory_order_relaxed);
        header_.recent_time.store(static_cast<std::uint64_t>(now()), std::memory_order_relaxed);
    }
}

// The posting thread may be in the middle of a batch, possibly on this same processor. Letting it
// continue before this loop sleeps saves both threads a wake-up for every post.
bool Reactor::more_posts_are_near() noexcept {
    if (!std::exchange(had_posts_, false)) {
        return false;
    }
    ::sched_yield();
    return inbox_.has_posts();
}

// Returns whether it has dispatched anything.
bool Reactor::busy_poll() noexcept {
    if (busy_poll_time_ == 0 || !std::exchange(had_events_, false)) {
        return false;
    }
    Nanoseconds until = now() + busy_poll_time_;
    if (!timers_.empty()) {
        until = std::min(until, timers_.next_wakeup());
    }
    do {
        if (const int count = poller_.collect(0); count != 0) {
            dispatch(count, is_traced() ? ticks() : 0);
            return true;
        }
        ::sched_yield();
    } while (now() < until && !inbox_.has_posts());
    return false;
}

void Reactor::dispatch(int count, std::uint64_t time) noexcept {
    trace_at(time, TraceKind::dispatch, static_cast<std::uint64_t>(count));
    had_events_ = had_events_ || count != 0;
    poller_.dispatch(count);
}

void Reactor::run_ready_traced() noexcept {
    ReadyQueue batch = ready_.take_all();
    std::uint64_t steps = 0;
    for (; !batch.empty(); ++steps) {
        Runnable& item = batch.pop();
        trace_step(item);
        item.run();
    }
    trace(TraceKind::turn_end);
    end_turn(steps);
}

void Reactor::discard_ready() noexcept {
    inbox_.drain(ready_);
    while (!ready_.empty()) {
        ready_.pop().discard();
    }
}

void Reactor::deliver_signals() noexcept {
    std::uint64_t pending = signals_.pending();
    while (pending != 0) {
        const int bit = std::countr_zero(pending);
        pending &= pending - 1;
        if (signal_sink_ != nullptr) {
            signal_sink_->on_signal(bit + 1);
        }
    }
}

void Reactor::run_turn_ends() noexcept {
    // Items added from here on are after the marker and wait for the next turn.
    turn_ends_.push_back(turn_marker_);
    for (TurnEnd* item = turn_ends_.pop_front(); item != &turn_marker_;
         item = turn_ends_.pop_front()) {
        item->on_turn_end();
    }
}

} // namespace hocket::engine
