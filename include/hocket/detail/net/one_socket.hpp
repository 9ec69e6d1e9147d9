#pragma once

#include <vector>

#include <hocket/socket.hpp>

namespace hocket::detail {

/// A vector that contains only `socket`.
[[nodiscard]] std::vector<Socket> only(Socket socket);

} // namespace hocket::detail
