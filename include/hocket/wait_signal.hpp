#pragma once

#include <concepts>
#include <vector>

#include <hocket/coro.hpp>

namespace hocket {

namespace detail {
Coro<int> wait_signal(std::vector<int> signals);
} // namespace detail

/// Waits until the process gets one of these signals, and yields it:
/// `co_await wait_signal(SIGTERM, SIGINT);`. While a task waits, the signal has neither its default
/// effect nor does a handler of the loop get it (under `run`, SIGINT does not cancel); before and
/// after that it is as it was. If several tasks wait, each is told. asyncio has only
/// add_signal_handler. Throws RuntimeError when a signal cannot be caught or another loop has it,
/// ValueError for a number that is no signal. A signal that comes in the turn of a cancellation
/// goes where it would have gone without this wait.
template <std::same_as<int>... More> Coro<int> wait_signal(int signal, More... more) {
    return detail::wait_signal(std::vector<int>{signal, more...});
}

} // namespace hocket
