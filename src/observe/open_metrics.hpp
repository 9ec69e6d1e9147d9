#pragma once

#include <string>

#include "engine/status_layout.hpp"

namespace hocket::observer {

/// The counters of a status page, of this process or another, as OpenMetrics text
/// (https://github.com/prometheus/OpenMetrics), version 1.0.
[[nodiscard]] std::string open_metrics(const engine::StatusPage& page);

} // namespace hocket::observer
