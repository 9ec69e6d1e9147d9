// The tests of every kind of RemoteExecutor, remote_*.cpp, with pools on this machine. Those with
// clusters are part of tests/cluster/.

#include <memory>
#include <vector>

#include "support/remote_pool.hpp"
#include "support/stream_pool.hpp"

using namespace hocket;

namespace {

RemotePoolKind process_pools(StartMethod method) {
    return {name_of(method),
            [method](std::size_t max_workers, ProcessPoolOptions options) {
                options.start_method = method;
                return std::make_unique<ProcessPoolExecutor>(max_workers, std::move(options));
            },
            method, method == StartMethod::spawn ? 10'000'000U : 1'000'000U};
}

RemotePoolKind stream_pools() {
    const auto make = [](std::size_t max_workers, ProcessPoolOptions options) {
        return std::make_unique<StreamPool>(max_workers, detail::stream_options(),
                                            start_worker_here, std::move(options));
    };
    return {.name = "stream", .make = make, .reads_output = false};
}

} // namespace

std::vector<RemotePoolKind> remote_pool_kinds() {
    return {process_pools(StartMethod::spawn), process_pools(StartMethod::forkserver),
            process_pools(StartMethod::fork), stream_pools()};
}
