#include "choose/calibration.hpp"

#include <algorithm>
#include <deque>

#include <hocket/process_pool_executor.hpp>
#include <hocket/thread_pool_executor.hpp>

#include "choose/usage.hpp"

namespace hocket::choosing {

namespace {

constexpr int calls = 1000;

template <class Pool> void map_nothing(Pool& pool) {
    const std::deque<int> items(calls);
    for (const int result : pool.map([](int item) { return item; }, items)) {
        detail::use_result(result);
    }
}

} // namespace

HandOver calibrate_threads() {
    ThreadPoolExecutor pool(1);
    map_nothing(pool); // the first calls start the thread and allocate
    const Meter meter;
    map_nothing(pool);
    const Usage usage = meter.stop();
    return {std::max(usage.process_cpu - usage.caller_cpu, 0.0) / calls, usage.caller_cpu / calls};
}

HandOver calibrate_processes() {
    ProcessPoolExecutor pool(1);
    const auto workers = detail::start_all_workers(pool);
    map_nothing(pool);
    const Meter meter(workers);
    map_nothing(pool);
    const Usage usage = meter.stop();
    return {std::max(usage.cpu - usage.process_cpu, 0.0) / calls, usage.process_cpu / calls};
}

} // namespace hocket::choosing
