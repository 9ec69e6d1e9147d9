#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include <hocket/errors.hpp>

namespace hocket::detail {

/// Sets the water marks of a stream or of a datagram transport. Throws ValueError if low is above
/// high.
template <class Transport>
void set_write_limits(Transport& transport, std::optional<std::size_t> high,
                      std::optional<std::size_t> low) {
    if (!transport.set_write_buffer_limits(high, low)) {
        throw ValueError("set_write_buffer_limits: low (" + std::to_string(low.value_or(0)) +
                         ") must not be above high (" + std::to_string(high.value_or(0)) + ")");
    }
}

} // namespace hocket::detail
