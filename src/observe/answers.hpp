#pragma once

#include <string>
#include <vector>

namespace hocket::observer {

/// Answers a request (request.hpp) with a msgpack map; what cannot be answered, with one that has
/// the key "error". docs/observing.md describes the requests and the answers.
[[nodiscard]] std::string answer(const std::vector<std::string>& request);

} // namespace hocket::observer
