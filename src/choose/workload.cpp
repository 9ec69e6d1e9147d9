#include <hocket/choose.hpp>

#include <algorithm>
#include <chrono>
#include <exception>
#include <string>
#include <thread>

#include <unistd.h>

#include <hocket/exception_group.hpp>

namespace hocket {

std::string_view to_string(ConcurrencyModel model) noexcept {
    switch (model) {
    case ConcurrencyModel::sequential: return "sequential";
    case ConcurrencyModel::coroutines: return "coroutines";
    case ConcurrencyModel::threads: return "threads";
    case ConcurrencyModel::processes: return "processes";
    case ConcurrencyModel::none: break;
    }
    return "none";
}

namespace detail {

const std::vector<pid_t>& StartedModel::worker_processes() const noexcept {
    static const std::vector<pid_t> no_processes;
    return no_processes;
}

void throw_workload_error(std::size_t item) {
    const std::string thrown = describe_exception(std::current_exception());
    std::throw_with_nested(WorkloadError(
        "choose: the function threw for item " + std::to_string(item) + ": " + thrown, item));
}

void block_until(std::chrono::steady_clock::time_point due) { std::this_thread::sleep_until(due); }

std::vector<pid_t> start_all_workers(ProcessPoolExecutor& pool) {
    const auto number_of_process = [](int milliseconds) {
        std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
        return static_cast<int>(::getpid());
    };
    std::vector<pid_t> workers;
    // Workers that start early take the calls of those that are late: the calls take longer each
    // time, until each worker has got one.
    for (int milliseconds = 1; workers.size() < pool.max_workers() && milliseconds <= 1024;
         milliseconds *= 2) {
        std::vector<Future<int>> numbers;
        for (std::size_t i = 0; i < pool.max_workers(); ++i) {
            numbers.push_back(pool.submit(number_of_process, milliseconds));
        }
        for (const Future<int>& number : numbers) {
            if (std::find(workers.begin(), workers.end(), number.result()) == workers.end()) {
                workers.push_back(number.result());
            }
        }
    }
    return workers;
}

void start_all_workers(ThreadPoolExecutor& pool) {
    for (int milliseconds = 1; pool.stats().workers < pool.max_workers() && milliseconds <= 1024;
         milliseconds *= 2) {
        std::vector<Future<void>> calls;
        for (std::size_t i = 0; i < pool.max_workers(); ++i) {
            calls.push_back(pool.submit([milliseconds] {
                std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
            }));
        }
        for (const Future<void>& call : calls) {
            call.result();
        }
    }
}

} // namespace detail
} // namespace hocket
