#pragma once

#include <string_view>

namespace hocket::detail {

/// Whether HOCKET_WORKER asks for a worker behind a stream: "stream:5", "connect:10.0.0.1:7000".
[[nodiscard]] bool is_stream_worker(std::string_view how) noexcept;

/// Runs such a worker (docs/worker-frames.md) and returns the exit status. Prints errors on stderr.
[[nodiscard]] int stream_worker_main(std::string_view how) noexcept;

} // namespace hocket::detail
