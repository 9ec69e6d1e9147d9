#pragma once

#include <cstddef>

namespace hocket {

/// How many processors this process may use. Python's os.process_cpu_count. Any thread.
[[nodiscard]] std::size_t cpu_count() noexcept;

} // namespace hocket
