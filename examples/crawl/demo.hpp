#pragma once

#include "crawl/options.hpp"

namespace crawl {

/// Serves a directory, crawls it in every way, each in a process of its own so that its memory can
/// be measured, and prints the comparison. Returns the exit code: 0 when all ways found the same, 1
/// when not, 130 after Ctrl-C.
int run_demo(const DemoOptions& options);

} // namespace crawl
