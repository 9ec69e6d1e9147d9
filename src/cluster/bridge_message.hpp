#pragma once

#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hocket::detail {

/// A message between a program and its bridge to a cluster: a name, and what belongs to it.
using BridgeMessage = std::vector<std::string>;

/// Each text with its size before it, 4 bytes, the lowest first.
[[nodiscard]] std::string encode_message(const BridgeMessage& message);
/// Empty if `bytes` are not a message, or one without a name.
[[nodiscard]] std::optional<BridgeMessage> decode_message(std::span<const char> bytes);

} // namespace hocket::detail
