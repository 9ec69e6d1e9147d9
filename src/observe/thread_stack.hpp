#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include <sys/types.h>

#include "observe/inspected_loop.hpp"

namespace hocket::observer {

/// What a thread was doing at one moment.
struct ThreadStack {
    RunningTask task;
    std::vector<void*> frames; ///< return addresses, innermost first
};

/// Installs the handler of SIGURG that `stack_of` needs. SIGURG, because the kernel sends it only
/// to programs that asked for it, and its default is to do nothing. A handler that the program has
/// installed is called too.
void prepare_stacks();

/// Interrupts `thread` for a moment to record its stack, and the task that runs if it is the thread
/// of `loop`, which may be null. With a loop, must be called by for_each_loop's callback. One
/// thread at a time may call this. Returns nothing if the thread does not answer within 200 ms,
/// because it blocks the signal or has ended.
[[nodiscard]] std::optional<ThreadStack> stack_of(const InspectedLoop* loop, pid_t thread);

} // namespace hocket::observer
