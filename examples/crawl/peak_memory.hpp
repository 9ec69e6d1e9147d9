#pragma once

#include <cstdint>

namespace crawl {

/// The most memory this process has had in RAM at once (VmHWM), in KiB; 0 where it is not known.
std::uint64_t peak_memory_kib();

} // namespace crawl
