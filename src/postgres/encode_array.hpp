#pragma once

#include <cstdint>
#include <string>

#include <hocket/detail/postgres/arguments.hpp>

#include "postgres/encode_value.hpp"

namespace hocket::detail::postgres {

/// Appends a one-dimensional array for a parameter of `type`.
[[nodiscard]] Encoding encode_array(const ArrayArgument& elements, std::uint32_t type,
                                    std::string& to);

} // namespace hocket::detail::postgres
