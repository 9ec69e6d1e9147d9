#pragma once

#include <cstddef>
#include <cstdint>

namespace hocket::detail {

/// The fork server's answer to a request, sent through the new worker's `reports` together with the
/// pidfd.
struct ForkAnswer {
    std::int32_t pid = 0;
    std::int32_t error = 0; // errno if the fork failed
};

/// The descriptors of a request, in this order.
enum ForkRequest : std::size_t { worker_control, worker_reports, worker_stdout, worker_stderr };
constexpr std::size_t descriptors_of_a_fork_request = 4;

/// The main function of the fork server: forks for each request that arrives through `control`, and
/// reports how each of its children ended, until its owner has ended. Returns the server's exit
/// status; in the children it does not return.
[[nodiscard]] int serve_forks(int control);

} // namespace hocket::detail
