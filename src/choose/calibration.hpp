#pragma once

#include <hocket/choose.hpp>

namespace hocket::choosing {

/// CPU seconds to hand over a call that does nothing, measured on this machine.
struct HandOver {
    double worker = 0; ///< in the worker
    double caller = 0; ///< in the calling thread, or for processes in all threads of this process
};

[[nodiscard]] HandOver calibrate_threads();
/// Throws what ProcessPoolExecutor throws if no worker can be started.
[[nodiscard]] HandOver calibrate_processes();

} // namespace hocket::choosing
