#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "traced_process.hpp"

namespace hocket::tool {

// Names that are in a thread's events, after the event number `at`.

/// The texts that follow the event: eight characters each.
[[nodiscard]] std::string text_after(const std::vector<TracedEvent>& events, std::size_t at);

/// The name that work was submitted with, or that of its function. Empty if nothing is known.
[[nodiscard]] std::string name_of_submission(const std::vector<TracedEvent>& events, std::size_t at,
                                             const TraceNames& names);

/// The name of what a thread of a pool or a worker process runs, for work whose submission says
/// nothing.
[[nodiscard]] std::string name_of_work(const std::vector<TracedEvent>& events, std::size_t at,
                                       const TraceNames& names);

} // namespace hocket::tool
