#include "choose/calibration.hpp"

#include <algorithm>
#include <chrono>
#include <deque>

#include <hocket/process_pool_executor.hpp>
#include <hocket/thread_pool_executor.hpp>

#include "choose/usage.hpp"

namespace hocket::choosing {

namespace {

// On a busy machine a call can take milliseconds, because its thread waits for a CPU. The CPU time
// of a few calls is known well enough then.
constexpr auto time_limit = std::chrono::milliseconds(10);
constexpr int calls_at_a_time = 20;
constexpr int most_calls = 1000;

// Returns the number of calls.
template <class Pool> int map_nothing(Pool& pool) {
    const std::deque<int> items(calls_at_a_time);
    const auto end = std::chrono::steady_clock::now() + time_limit;
    int calls = 0;
    do {
        for (const int result : pool.map([](int item) { return item; }, items)) {
            detail::use_result(result);
        }
        calls += calls_at_a_time;
    } while (calls < most_calls && std::chrono::steady_clock::now() < end);
    return calls;
}

} // namespace

HandOver calibrate_threads() {
    ThreadPoolExecutor pool(1);
    map_nothing(pool); // the first calls start the thread and allocate
    const Meter meter;
    const int calls = map_nothing(pool);
    const Usage usage = meter.stop();
    return {std::max(usage.process_cpu - usage.caller_cpu, 0.0) / calls, usage.caller_cpu / calls};
}

HandOver calibrate_processes() {
    ProcessPoolExecutor pool(1);
    const auto workers = detail::start_all_workers(pool);
    map_nothing(pool);
    const Meter meter(workers);
    const int calls = map_nothing(pool);
    const Usage usage = meter.stop();
    return {std::max(usage.cpu - usage.process_cpu, 0.0) / calls, usage.process_cpu / calls};
}

} // namespace hocket::choosing
