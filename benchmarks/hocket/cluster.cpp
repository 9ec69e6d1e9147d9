// Calls on a cluster of two workers on this machine, of Ray or of Dask. scripts/install-clusters
// installs the engines.

#include <string>
#include <vector>

#include "../measure.hpp"
#include "cluster_engine.hpp"

namespace {

using Executor = bench::ClusterExecutor;

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

/// Each is printed twice, because it is compared with two things.
void measure_bytes(Executor& cluster) {
    constexpr std::size_t size = std::size_t{100} << 20;
    constexpr int rounds = 6;
    const std::string bytes(size, 'x');
    bench::Fastest argument;
    for (int i = 0; i < rounds; ++i) {
        argument.time([&] { bench::keep(cluster.submit(size_of, bytes).result()); });
    }
    argument.report("argument", 1, bench::in_milliseconds);
    argument.report("argument_of_actor", 1, bench::in_milliseconds);
    bench::Fastest result;
    for (int i = 0; i < rounds; ++i) {
        result.time([&] { bench::keep(cluster.submit(make, size).result().size()); });
    }
    result.report("result", 1, bench::in_milliseconds);
    result.report("result_of_actor", 1, bench::in_milliseconds);
}

} // namespace

int main() {
    bench::Fastest start;
    std::unique_ptr<Executor> cluster;
    start.time([&] {
        cluster = bench::join_cluster(2);
        cluster->submit(add, 1, 2).result();
    });
    start.report("start", 1, bench::in_milliseconds);
    measure_calls(*cluster);
    measure_bytes(*cluster);
}
