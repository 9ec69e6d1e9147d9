#pragma once

#include <sched.h>

#include "engine/reactor.hpp"

namespace hocket::detail {

/// How long who waits for another process's answer looks for it before sleeping: less than two
/// processors need to put each other to sleep and wake each other up.
inline constexpr engine::Nanoseconds busy_poll_time = 20'000;

/// Tries `attempt` until it is true or that time is over; says whether it was. In between others
/// run: who is to answer may be in need of this very processor.
template <class Attempt> bool busy_poll(Attempt attempt) {
    const engine::Nanoseconds until = engine::Reactor::now() + busy_poll_time;
    do {
        if (attempt()) {
            return true;
        }
        ::sched_yield();
    } while (engine::Reactor::now() < until);
    return false;
}

} // namespace hocket::detail
