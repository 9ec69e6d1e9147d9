#pragma once

#include <cstddef>

namespace hocket {

/// The number of processors this process may use: Python's os.process_cpu_count. May be called from
/// any thread.
[[nodiscard]] std::size_t cpu_count() noexcept;

} // namespace hocket
