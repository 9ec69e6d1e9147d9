#pragma once

#include <string_view>

namespace hocket::detail {

/// The files of src/cluster/python/ in one: what the bridge's interpreter runs.
[[nodiscard]] std::string_view bridge_script() noexcept;

} // namespace hocket::detail
