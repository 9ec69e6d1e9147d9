#pragma once

#include <cstdint>
#include <string>

#include <hocket/detail/postgres/arguments.hpp>

namespace hocket::detail::postgres {

/// The format of an encoded value, or why it could not be encoded.
enum class Encoding : std::uint8_t { binary, text, wrong_type, out_of_range, zero_byte };

/// Appends `argument`, which is not null, for a parameter of `type`.
[[nodiscard]] Encoding encode_value(const Argument& argument, std::uint32_t type, std::string& to);

} // namespace hocket::detail::postgres
