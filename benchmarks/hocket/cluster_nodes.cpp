// A running cluster of two nodes with one processor each: the first result of an executor that
// joins it, and how much faster two workers are than one.

#include <vector>

#include "../measure.hpp"
#include "cluster_engine.hpp"

namespace {

/// Takes ten milliseconds of a processor.
int compute(int) {
    const double end = bench::nanoseconds(CLOCK_THREAD_CPUTIME_ID) + 10e6;
    while (bench::nanoseconds(CLOCK_THREAD_CPUTIME_ID) < end) {
    }
    return 0;
}

int add(int a, int b) { return a + b; }

/// The least time of 400 calls.
double time_of_calls(std::size_t workers) {
    const auto cluster = bench::join_cluster(workers);
    std::vector<hocket::Future<int>> results;
    const auto make_calls = [&](int count) {
        results.clear();
        for (int i = 0; i < count; ++i) {
            results.push_back(cluster->submit(compute, i));
        }
        for (const auto& result : results) {
            result.result();
        }
    };
    make_calls(100); // all workers run
    bench::Fastest time;
    for (int i = 0; i < 3; ++i) {
        time.time([&] { make_calls(400); });
    }
    return time.nanoseconds();
}

} // namespace

int main() {
    bench::Fastest first;
    first.time([] { bench::join_cluster(1)->submit(add, 1, 2).result(); });
    first.report("first", 1, bench::in_milliseconds);
    bench::print("speedup", time_of_calls(1) / time_of_calls(2), "times");
}
