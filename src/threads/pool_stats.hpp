#pragma once

#include <hocket/pool_stats.hpp>

#include "engine/status_layout.hpp"

namespace hocket::detail {

[[nodiscard]] PoolStats stats_of(const engine::PoolStatus& status) noexcept;

} // namespace hocket::detail
