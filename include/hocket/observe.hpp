#pragma once

#include <cstdint>
#include <optional>

namespace hocket {

/// Options of observe.
struct ObserveOptions {
    /// Serves the metrics of `hocket metrics` at http://127.0.0.1:PORT/metrics.
    std::optional<std::uint16_t> metrics_port = {};
    /// Records what happens from now on in memory, at most one MiB a thread, so that `hocket trace
    /// --last 10s` can show what has just happened. Programs that do not call this do the same if
    /// the environment contains HOCKET_TRACE=1.
    bool record = false;
};

/// Lets the `hocket` command look inside this process: `hocket top`, `hocket tree`, `hocket
/// stacks`. Starts a thread that sleeps on a Unix socket, which only this user and root can connect
/// to. It reads and changes nothing. It also reports loops on stderr that are blocked for longer
/// than their slow_callback_duration, with the task and the native stack, at most five times a
/// minute. For that it takes over SIGURG. Programs that do not call this do the same if the
/// environment contains HOCKET_OBSERVE=1. Worker processes started afterwards are observed, too,
/// but serve no metrics.
///
/// Does nothing new if the process is observed already, except for `record`. May be called from any
/// thread. Throws std::system_error or std::runtime_error if the socket or its folder cannot be
/// made.
void observe(const ObserveOptions& options = {});

} // namespace hocket
