#pragma once

#include <string>

#include "engine/pool/stream_options.hpp"

namespace hocket::detail {

/// Starts a process of this program as a worker behind a stream, a Unix socket that it inherits.
/// Throws std::system_error.
[[nodiscard]] engine::StreamPeer start_stream_worker(const std::string& token = {});

/// The options for the workers of this program: its build and its modules.
[[nodiscard]] engine::StreamOptions stream_options(const std::string& token = {});

} // namespace hocket::detail
