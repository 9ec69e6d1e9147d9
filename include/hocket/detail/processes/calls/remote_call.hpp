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
#include <hocket/submit_options.hpp>

namespace hocket::detail {

class ProcessPool;
class PoolWorker;

/// A call in a process pool, from its submission to its completion.
class RemoteCall {
public:
    explicit RemoteCall(std::shared_ptr<ProcessPool> pool) noexcept : pool_(std::move(pool)) {}
    RemoteCall(const RemoteCall&) = delete;
    RemoteCall& operator=(const RemoteCall&) = delete;

    /// Completes the future with the worker's answer; does nothing if the future was cancelled.
    virtual void complete(std::span<const char> result, Descriptors& descriptors) noexcept = 0;
    virtual void fail(std::exception_ptr error) noexcept = 0;
    /// Cancels the future, without telling the pool.
    virtual void cancel_future() noexcept = 0;
    /// Called when the pool does not need the call any more.
    virtual void release() noexcept = 0;

    void set_options(const SubmitOptions& options) {
        timeout = options.timeout ? std::max<std::int64_t>(options.timeout->count(), 1) : 0;
        priority = options.priority;
        name = static_cast<std::string>(options.name);
    }

    FunctionRef function;
    std::string name;
    Descriptors descriptors;  // of shared objects in the arguments
    std::int64_t timeout = 0; // how long it may run, in nanoseconds; 0: no limit
    int priority = 0;
    bool is_initializer = false; // runs once in each worker

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
    friend class ProcessPool;
    friend class PoolWorker;

    const std::shared_ptr<ProcessPool> pool_;
    // What follows belongs to the pool and is guarded by its lock. The states: in the pool's queue,
    // sent to a worker, no longer in the pool.
    enum class State : std::uint8_t { waiting, sent, left };
    std::string body_; // set while the call is in the pool's queue
    PoolWorker* worker_ = nullptr;
    State state_ = State::left;
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
    void fail(std::exception_ptr error) noexcept override {
        if (this->set_running_or_notify_cancel()) {
            this->result_.set_error(std::move(error));
            this->publish(Status::failed);
        }
    }
    void cancel_future() noexcept override { FutureStateBase::cancel(); }
    void release() noexcept override { this->unref(); }
};

} // namespace hocket::detail
