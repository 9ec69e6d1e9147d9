#pragma once

#include <sched.h>

#include "engine/reactor.hpp"

namespace hocket::detail {

/// How long to busy-poll for another process's reply before blocking. This is less time than two
/// processors need to put each other to sleep and wake each other up.
inline constexpr engine::Nanoseconds busy_poll_time = 20'000;

/// Calls `attempt` until it returns true or that time is over. Returns whether it did. Yields
/// between calls, because the other process may need the same processor.
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
