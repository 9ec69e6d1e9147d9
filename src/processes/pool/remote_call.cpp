#include <hocket/detail/processes/calls/remote_call.hpp>

#include <system_error>

#include <hocket/errors.hpp>

#include "processes/calls/remote_exception.hpp"
#include "processes/pool/process_pool.hpp"

namespace hocket::detail {

std::exception_ptr exception_of(const engine::PoolFailure& failure) {
    using Code = engine::PoolFailure::Code;
    if (failure.error) {
        return std::make_exception_ptr(std::system_error(failure.error, failure.text));
    }
    switch (failure.code) {
    case Code::worker_died:
        return std::make_exception_ptr(
            WorkerDied(failure.text, failure.pid, failure.status, failure.last_words));
    case Code::timed_out: return std::make_exception_ptr(TimeoutError(failure.text));
    case Code::broken: return std::make_exception_ptr(BrokenExecutor(failure.text));
    case Code::shut_down:
    case Code::undeliverable:
    case Code::lost_answer: break;
    }
    return std::make_exception_ptr(RuntimeError(failure.text));
}

void RemoteCall::complete_with_error(std::span<const char> error,
                                     Descriptors& descriptors) noexcept {
    msgpack::zone zone;
    const DescriptorScope scope(descriptors);
    fail_with(unpack_exception(unpack_object(zone, error)));
}

void RemoteCall::fail(const engine::PoolFailure& failure) noexcept {
    fail_with(exception_of(failure));
}

bool RemoteCall::withdraw() noexcept { return pool_->core().withdraw(*this); }

bool RemoteCall::is_started() const noexcept { return pool_->core().is_started(*this); }

bool RemoteCall::collect_until_done(const FutureStateBase& future) noexcept {
    return pool_->core().collect_until(
        {[](const void* waited_for) noexcept {
             return static_cast<const FutureStateBase*>(waited_for)->done();
         },
         &future});
}

void RemoteCall::wake_collector() noexcept { pool_->core().wake_collector(); }

} // namespace hocket::detail
