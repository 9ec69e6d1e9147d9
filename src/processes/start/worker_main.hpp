#pragma once

namespace hocket::detail {

/// What a worker does from its Bootstrap, which comes through `control`, to its end: returns the
/// exit status. What goes wrong is said on stderr. On the main thread of a process that has no
/// other; the process ends, whatever it is doing, when the other end of `control` is closed.
[[nodiscard]] int worker_main(int control) noexcept;

} // namespace hocket::detail
