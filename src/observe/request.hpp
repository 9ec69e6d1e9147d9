#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hocket::observer {

/// The longest request: a frame that announces more ends the connection.
constexpr std::uint32_t longest_request = 4096;

/// A request is a msgpack array of strings: what is asked for, then its arguments. Returns nothing
/// if `bytes` are anything else, or more than that.
[[nodiscard]] std::optional<std::vector<std::string>> parse_request(std::string_view bytes);

} // namespace hocket::observer
