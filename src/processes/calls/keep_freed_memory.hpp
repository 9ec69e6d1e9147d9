#pragma once

namespace hocket::detail {

/// For worker processes: keeps the memory of large arguments and results, up to 256 MiB, for the
/// next ones. Fresh pages cost several times as much as copying into pages that were used before.
void keep_freed_memory() noexcept;

} // namespace hocket::detail
