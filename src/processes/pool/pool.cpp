#include <hocket/pool.hpp>

#include <hocket/cpu_count.hpp>
#include <hocket/errors.hpp>

namespace hocket {

namespace {

ProcessPoolOptions as_executor_options(PoolOptions options) {
    ProcessPoolOptions result;
    result.start_method = options.start_method;
    result.initializer = options.initializer;
    result.max_tasks_per_child = options.maxtasksperchild;
    result.on_output = std::move(options.on_output);
    return result;
}

} // namespace

Pool::Pool(std::size_t processes, PoolOptions options)
    : processes_(processes == 0 ? cpu_count() : processes),
      executor_(processes_, as_executor_options(std::move(options))) {}

Pool::~Pool() {
    terminate();
    join();
}

void Pool::close() {
    is_closed_ = true;
    executor_.shutdown({.wait = false});
}

void Pool::terminate() {
    is_closed_ = true;
    executor_.kill_workers();
}

void Pool::join() {
    if (!is_closed_) {
        throw ValueError("join() of a running pool: call close() or terminate() first");
    }
    executor_.shutdown();
}

void Pool::require_open() const {
    if (is_closed_) {
        throw ValueError("the pool is closed and accepts no more work");
    }
}

// As in Python: four chunks for each worker, so that a slow chunk does not delay the others for
// long.
std::size_t Pool::chunksize_for(std::size_t items) const noexcept {
    const std::size_t chunks = 4 * processes_;
    return (items + chunks - 1) / chunks;
}

} // namespace hocket
