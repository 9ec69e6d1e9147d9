#pragma once

#include <span>
#include <string>

namespace hocket::observer {

struct Session;

/// Begins a recording, if this connection has none yet.
[[nodiscard]] std::string record(Session& session);
/// What addresses in a trace mean: "place:7ffe...", "type:..." or "function:...".
[[nodiscard]] std::string names(std::span<const std::string> questions);

} // namespace hocket::observer
