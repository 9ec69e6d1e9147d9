#include "processes/pool/process_pool.hpp"

#include <exception>
#include <utility>

#include <hocket/errors.hpp>

#include "processes/pool/shared_memory_worker.hpp"

namespace hocket::detail {

namespace {

engine::PoolCoreOptions core_options(std::size_t max_workers, const ProcessPoolOptions& options) {
    return {.max_workers = max_workers,
            .max_calls_per_worker = options.max_tasks_per_child,
            .spin = options.spin.count()};
}

/// Calls the initializer in a new worker. Its answer matters only if it is an error.
class InitializerCall final : public RemoteCall {
public:
    explicit InitializerCall(engine::PoolCore& core) : RemoteCall(nullptr), core_(core) {}
    void complete(std::span<const char>, Descriptors&) noexcept override {}
    void fail_with(std::exception_ptr error) noexcept override {
        std::string why = "the process pool is broken: its initializer threw";
        try {
            std::rethrow_exception(error);
        } catch (const std::exception& e) {
            why += std::string(": ") + e.what();
        } catch (...) {
        }
        core_.break_down({engine::PoolFailure::Code::broken, why});
    }
    void cancel_future() noexcept override {}
    void release() noexcept override { delete this; }

private:
    engine::PoolCore& core_;
};

} // namespace

ProcessPool::ProcessPool(std::size_t max_workers, ProcessPoolOptions options)
    : ProcessPool(max_workers, std::move(options), *this) {}

ProcessPool::ProcessPool(std::size_t max_workers, ProcessPoolOptions options,
                         engine::WorkerStarter& starter)
    : options_(std::move(options)),
      output_(options_.on_output ? options_.on_output : print_worker_line),
      core_(core_options(max_workers, options_), starter) {}

void ProcessPool::submit(RemoteCall& call, engine::ByteRanges body) {
    try {
        if (const auto failure = core_.submit(call, body)) {
            std::rethrow_exception(exception_of(*failure));
        }
    } catch (...) {
        call.release();
        throw;
    }
}

std::unique_ptr<engine::PoolWorker> ProcessPool::start_worker(engine::PoolCore& pool, int number) {
    return std::make_unique<SharedMemoryWorker>(pool, number, options_.start_method,
                                                options_.spin.count(), output_);
}

engine::PoolCall* ProcessPool::make_initializer_call(std::string& body) {
    if (options_.initializer == nullptr) {
        return nullptr;
    }
    auto call = std::make_unique<InitializerCall>(core_);
    GatherBuffer packed;
    call->function = pack_call(packed, call->descriptors, options_.initializer);
    body.resize(packed.size());
    packed.copy_to(reinterpret_cast<std::byte*>(body.data()));
    return call.release();
}

} // namespace hocket::detail
