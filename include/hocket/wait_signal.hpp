#pragma once

#include <concepts>
#include <vector>

#include <hocket/coro.hpp>

namespace hocket {

namespace detail {
Coro<int> wait_signal(std::vector<int> signals);
} // namespace detail

/// Waits until the process receives one of these signals, and returns it:
/// `co_await wait_signal(SIGTERM, SIGINT);`. asyncio has only add_signal_handler. While a task
/// waits, the signal neither has its default effect nor reaches a handler of the loop (under `run`,
/// SIGINT does not cancel the main task); afterwards it behaves as before. If several tasks wait
/// for the same signal, all of them get it. A signal that arrives in the same turn as a
/// cancellation of the wait is handled as if there had been no wait. Throws RuntimeError if a
/// signal cannot be caught or another loop handles it, and ValueError if the number is not a valid
/// signal.
template <std::same_as<int>... More> Coro<int> wait_signal(int signal, More... more) {
    return detail::wait_signal(std::vector<int>{signal, more...});
}

} // namespace hocket
