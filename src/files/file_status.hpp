#pragma once

#include <hocket/stat_result.hpp>

struct statx;

namespace hocket::detail {

/// Converts the kernel's file status to the public type.
[[nodiscard]] files::StatResult to_stat_result(const struct statx& status) noexcept;

} // namespace hocket::detail
