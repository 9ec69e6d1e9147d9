#pragma once

namespace hocket::detail {

/// Runs a worker: receives its Bootstrap through `control`, works until its end, and returns the
/// exit status. Prints errors on stderr. Call it on the main thread of a process that has no other
/// threads. The process ends at once when the other end of `control` is closed.
[[nodiscard]] int worker_main(int control) noexcept;

} // namespace hocket::detail
