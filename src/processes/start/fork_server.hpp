#pragma once

#include <cstddef>
#include <cstdint>

namespace hocket::detail {

/// What the fork server answers to a request, through the new worker's `reports`. The pidfd comes
/// with it.
struct ForkAnswer {
    std::int32_t pid = 0;
    std::int32_t error = 0; // errno, when it could not fork
};

/// The descriptors of a request, in this order.
enum ForkRequest : std::size_t { worker_control, worker_reports, worker_stdout, worker_stderr };
constexpr std::size_t descriptors_of_a_fork_request = 4;

/// What the fork server does: forks itself for each request that comes through `control`, and
/// reports how each of its children ended, until its owner is gone. Returns the exit status of
/// itself, and of nobody else: its children never return.
[[nodiscard]] int serve_forks(int control);

} // namespace hocket::detail
