#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/trace.hpp"

namespace hocket::observer {

/// What a client has asked for that lasts as long as its connection.
struct Session {
    std::optional<engine::Recording> recording;
};

/// An answer that says what went wrong.
[[nodiscard]] std::string error(std::string_view what);

/// Answers a request (request.hpp) with a msgpack map; what cannot be answered, with one that has
/// the key "error". docs/observing.md describes the requests and the answers.
[[nodiscard]] std::string answer(const std::vector<std::string>& request, Session& session);

} // namespace hocket::observer
