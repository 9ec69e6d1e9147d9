// Calls on a cluster of two workers on this machine, of Ray or of Dask. HOCKET_CLUSTER_PYTHON is an
// interpreter in which the engine is installed; `make cluster-test` installs them.

#include <cstdlib>
#include <string>
#include <vector>

#ifdef HOCKET_BENCH_RAY
#include <hocket/ray_executor.hpp>
using Executor = hocket::RayExecutor;
#else
#include <hocket/dask_executor.hpp>
using Executor = hocket::DaskExecutor;
#endif

#include "../measure.hpp"

namespace {

int add(int a, int b) { return a + b; }
std::size_t size_of(const std::string& bytes) { return bytes.size(); }
std::string make(std::size_t size) { return std::string(size, 'x'); }

void measure_calls(Executor& cluster) {
    constexpr int synchronous = 500;
    bench::Best best("sync", synchronous, 6, bench::Clock::wall);
    while (best.next()) {
        for (int i = 0; i < synchronous; ++i) {
            cluster.submit(add, i, i).result();
        }
    }
    constexpr int pipelined = 20'000;
    bench::Best many("pipelined", pipelined, 6, bench::Clock::wall);
    std::vector<hocket::Future<int>> results;
    while (many.next()) {
        results.clear();
        for (int i = 0; i < pipelined; ++i) {
            results.push_back(cluster.submit(add, i, i));
        }
        for (const auto& result : results) {
            result.result();
        }
    }
}

void measure_bytes(Executor& cluster) {
    constexpr std::size_t size = std::size_t{100} << 20;
    const std::string bytes(size, 'x');
    bench::Best argument("argument", 1, 4, bench::Clock::wall, bench::in_milliseconds);
    while (argument.next()) {
        bench::keep(cluster.submit(size_of, bytes).result());
    }
    bench::Best result("result", 1, 4, bench::Clock::wall, bench::in_milliseconds);
    while (result.next()) {
        bench::keep(cluster.submit(make, size).result().size());
    }
}

/// Takes ten milliseconds of a processor.
int compute(int) {
    const double end = bench::nanoseconds(CLOCK_THREAD_CPUTIME_ID) + 10e6;
    while (bench::nanoseconds(CLOCK_THREAD_CPUTIME_ID) < end) {
    }
    return 0;
}

/// The time of 400 calls.
double time_of_calls(std::size_t workers) {
    const char* const python = std::getenv("HOCKET_CLUSTER_PYTHON");
    Executor cluster(
        {.python = python != nullptr ? python : HOCKET_CLUSTER_PYTHON, .max_workers = workers});
    std::vector<hocket::Future<int>> results;
    const auto make_calls = [&](int count) {
        results.clear();
        for (int i = 0; i < count; ++i) {
            results.push_back(cluster.submit(compute, i));
        }
        for (const auto& result : results) {
            result.result();
        }
    };
    make_calls(100); // all workers run
    const double began = bench::nanoseconds(CLOCK_MONOTONIC);
    make_calls(400);
    return bench::nanoseconds(CLOCK_MONOTONIC) - began;
}

} // namespace

int main() {
    const char* const python = std::getenv("HOCKET_CLUSTER_PYTHON");
    bench::Fastest start;
    Executor cluster(
        {.python = python != nullptr ? python : HOCKET_CLUSTER_PYTHON, .max_workers = 2});
    start.time([&] { cluster.submit(add, 1, 2).result(); });
    start.report("start", 1, bench::in_milliseconds);
    measure_calls(cluster);
    measure_bytes(cluster);
    cluster.shutdown();
    bench::print("speedup", time_of_calls(1) / time_of_calls(2), "times");
}
