#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

namespace hocket {

class ProcessPoolExecutor;
class ThreadPoolExecutor;

/// How a function can be applied to many items; the cheapest to use first.
enum class ConcurrencyModel : std::uint8_t { none, sequential, coroutines, threads, processes };

/// "sequential", "coroutines", "threads", "processes" or "none".
[[nodiscard]] std::string_view to_string(ConcurrencyModel model) noexcept;

namespace detail {

/// Runs a function by one model with a fixed number of workers, as the code does that the answer
/// recommends. The destructor ends the workers. Functions throw what the user's function throws.
class StartedModel {
public:
    StartedModel() = default;
    StartedModel(const StartedModel&) = delete;
    StartedModel& operator=(const StartedModel&) = delete;
    virtual ~StartedModel() = default;

    /// Calls the function for `count` items; after the last item comes the first again.
    virtual void run(std::size_t count, std::size_t chunksize) = 0;
    /// Calls the function for the first `count` items, each of which has a kept result. Returns the
    /// index of the first item whose result differs.
    virtual std::optional<std::size_t> first_difference(std::size_t count) = 0;
    /// Calls the function `count` times. The calls begin when they are due, whether or not earlier
    /// ones have ended, so that a slow model cannot hide its queue by asking for less work. Returns
    /// the seconds from when each was due to its end.
    virtual std::vector<double> latencies(std::size_t count, std::chrono::nanoseconds interval) = 0;
    /// The worker processes.
    [[nodiscard]] virtual const std::vector<pid_t>& worker_processes() const noexcept;
};

/// The user's function and items.
class Workload {
public:
    Workload() = default;
    Workload(const Workload&) = delete;
    Workload& operator=(const Workload&) = delete;
    virtual ~Workload() = default;

    [[nodiscard]] virtual std::size_t size() const noexcept = 0;
    /// Why the function cannot be run by this model; empty if it can.
    [[nodiscard]] virtual std::string_view obstacle(ConcurrencyModel model) const noexcept = 0;
    [[nodiscard]] virtual std::unique_ptr<StartedModel> start(ConcurrencyModel model,
                                                              std::size_t workers) = 0;

    /// Whether results can be compared.
    [[nodiscard]] virtual bool comparable() const noexcept = 0;
    /// Calls the function for the next item that has no kept result, and keeps its result. Throws
    /// WorkloadError if the function throws.
    virtual void keep_next_result() = 0;
    [[nodiscard]] virtual std::size_t kept_results() const noexcept = 0;
    /// Packs and unpacks an item and its kept result. Returns their size in bytes; an empty
    /// optional if they cannot be packed.
    [[nodiscard]] virtual std::optional<std::size_t> pack(std::size_t index) const = 0;
};

/// Inside the handler of an exception of the user's function: throws a WorkloadError with that
/// exception nested.
[[noreturn]] void throw_workload_error(std::size_t item);

void block_until(std::chrono::steady_clock::time_point due);

/// Starts all workers of a pool, which otherwise start on demand. Returns their process numbers.
[[nodiscard]] std::vector<pid_t> start_all_workers(ProcessPoolExecutor& pool);
void start_all_workers(ThreadPoolExecutor& pool);

} // namespace detail
} // namespace hocket
