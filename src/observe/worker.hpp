#pragma once

#include "observe/observer.hpp"

namespace hocket::observer {

/// Called by a process that another one started to work for it. Has it observed as its owner is, or
/// as the environment asks for it; a failure is reported on stderr. From then on
/// its main thread is in the answer to `stacks`, although it runs no loop.
void observe_worker(Watch owners) noexcept;

/// Whether this process has called observe_worker, and not one that it was forked from.
[[nodiscard]] bool is_worker() noexcept;

} // namespace hocket::observer
