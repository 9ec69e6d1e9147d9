#pragma once

#include <cstddef>
#include <vector>

#include <sys/types.h>

namespace hocket::choosing {

/// What a run used, in seconds. Wall time says little on a busy machine: the kernel counts for each
/// thread how long it ran and how long it was ready but had no CPU; the rest of the time it was
/// blocked.
struct Usage {
    double wall = 0;
    double cpu = 0;          ///< of this process, its workers and child processes that have ended
    double reaped_cpu = 0;   ///< part of `cpu` that belongs to child processes which have ended
    double process_cpu = 0;  ///< part of `cpu` that belongs to this process
    double caller_cpu = 0;   ///< of the calling thread
    double caller_delay = 0; ///< of the calling thread
    double delay = 0;        ///< of all threads of this process and its workers
    double others = 0;       ///< part of the CPUs that the rest of the machine used, 0 to 1
};

/// Measures from its construction to `stop`, which must be called on the same thread.
class Meter {
public:
    explicit Meter(std::vector<pid_t> workers = {});
    [[nodiscard]] Usage stop() const;

private:
    struct Counters {
        double workers_cpu = 0, workers_delay = 0, reaped_cpu = 0, machine_cpu = 0;
        double delay = 0, caller_delay = 0, process_cpu = 0, caller_cpu = 0, wall = 0;
    };
    void read_others(Counters& counters) const;
    static void read_own(Counters& counters);

    std::vector<pid_t> workers_;
    Counters before_;
};

/// Bytes of this process and these workers; pages that several processes share count in part.
[[nodiscard]] std::size_t memory_of(const std::vector<pid_t>& workers);
/// Bytes that can be allocated without swapping.
[[nodiscard]] std::size_t available_memory();

} // namespace hocket::choosing
