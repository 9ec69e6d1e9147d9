#pragma once

#include <hocket/stat_result.hpp>

struct statx;

namespace hocket::detail {

/// What the kernel says of a file, in the words of the public interface.
[[nodiscard]] files::StatResult to_stat_result(const struct statx& status) noexcept;

} // namespace hocket::detail
