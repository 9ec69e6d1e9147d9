#pragma once

#include <algorithm>
#include <cstdint>
#include <exception>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include <hocket/detail/processes/calls/remote_function.hpp>
#include <hocket/detail/threads/future_state.hpp>
#include <hocket/engine/pool_call.hpp>
#include <hocket/submit_options.hpp>

namespace hocket::detail {

class ProcessPool;

/// The exception for a call that its pool could not answer.
[[nodiscard]] std::exception_ptr exception_of(const engine::PoolFailure& failure);

/// A call in a process pool, from its submission to its completion.
class RemoteCall : public engine::PoolCall {
public:
    explicit RemoteCall(std::shared_ptr<ProcessPool> pool) noexcept : pool_(std::move(pool)) {}

    // `complete` completes the future with the worker's result; it and `fail_with` do nothing if
    // the future was cancelled.
    void complete_with_error(std::span<const char> error, Descriptors& descriptors) noexcept final;
    void fail(const engine::PoolFailure& failure) noexcept final;
    virtual void fail_with(std::exception_ptr error) noexcept = 0;

    void set_options(const SubmitOptions& options) {
        timeout = options.timeout ? std::max<std::int64_t>(options.timeout->count(), 1) : 0;
        priority = options.priority;
        name = static_cast<std::string>(options.name);
    }

protected:
    ~RemoteCall() = default;
    /// Takes the call out of the pool; if it is running, ends its worker. Returns false if the call
    /// is done.
    bool withdraw() noexcept;
    [[nodiscard]] bool is_started() const noexcept;
    /// Lets a thread that waits for the future receive the workers' answers itself, unless another
    /// thread already does. Returns true if the future is done.
    bool collect_until_done(const FutureStateBase& future) noexcept;
    void wake_collector() noexcept;

private:
    const std::shared_ptr<ProcessPool> pool_;
};

template <class R> class RemoteCallState final : public FutureState<R>, public RemoteCall {
    using Status = FutureStateBase::Status;

public:
    using RemoteCall::RemoteCall;

    bool cancel() noexcept override {
        if (this->done() || !withdraw()) {
            return this->status() == Status::cancelled;
        }
        const bool cancelled = FutureStateBase::cancel();
        wake_collector();
        return cancelled;
    }
    [[nodiscard]] const char* what() const noexcept override { return "process pool's call"; }
    bool run_here() noexcept override { return collect_until_done(*this); }
    [[nodiscard]] bool running() const noexcept override { return !this->done() && is_started(); }

    void complete(std::span<const char> result, Descriptors& received) noexcept override {
        if (!this->set_running_or_notify_cancel()) {
            return;
        }
        Status how = Status::finished;
        try {
            if constexpr (std::is_void_v<R>) {
                this->result_.set_value();
            } else {
                this->result_.set_value(unpack_message<R>(result, received));
            }
        } catch (...) {
            this->result_.set_error(std::current_exception());
            how = Status::failed;
        }
        this->publish(how);
    }
    void fail_with(std::exception_ptr error) noexcept override {
        if (this->set_running_or_notify_cancel()) {
            this->result_.set_error(std::move(error));
            this->publish(Status::failed);
        }
    }
    void cancel_future() noexcept override { FutureStateBase::cancel(); }
    void release() noexcept override { this->unref(); }
};

} // namespace hocket::detail
