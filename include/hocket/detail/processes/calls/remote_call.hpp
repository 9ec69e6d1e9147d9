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

/// A call on its way through a process pool.
class RemoteCall {
public:
    explicit RemoteCall(std::shared_ptr<ProcessPool> pool) noexcept : pool_(std::move(pool)) {}
    RemoteCall(const RemoteCall&) = delete;
    RemoteCall& operator=(const RemoteCall&) = delete;

    /// The worker's answer. Completes the future; does nothing when it was cancelled.
    virtual void complete(std::span<const char> result, Descriptors& descriptors) noexcept = 0;
    virtual void fail(std::exception_ptr error) noexcept = 0;
    /// Cancels the future, without telling the pool.
    virtual void cancel_future() noexcept = 0;
    /// The pool lets go of the call.
    virtual void release() noexcept = 0;

    void set_options(const SubmitOptions& options) {
        timeout = options.timeout ? std::max<std::int64_t>(options.timeout->count(), 1) : 0;
        priority = options.priority;
        name = static_cast<std::string>(options.name);
    }

    FunctionRef function;
    std::string name;
    Descriptors descriptors;  // of what the arguments share
    std::int64_t timeout = 0; // nanoseconds that it may run; 0: without limit
    int priority = 0;
    bool is_initializer = false; // belongs to its worker

protected:
    ~RemoteCall() = default;
    /// Takes the call out of the pool; ends its worker when it runs. False when it is done.
    bool withdraw() noexcept;
    [[nodiscard]] bool is_started() const noexcept;
    /// A thread that waits for the future takes the workers' answers itself, unless another thread
    /// does already: true when the future is done.
    bool collect_until_done(const FutureStateBase& future) noexcept;
    void wake_collector() noexcept;

private:
    friend class ProcessPool;
    friend class PoolWorker;

    const std::shared_ptr<ProcessPool> pool_;
    // The pool's, under its lock:
    enum class State : std::uint8_t { waiting, sent, left }; // in its queue, to a worker, the pool
    std::string body_;                                       // while it is in the pool's queue
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
