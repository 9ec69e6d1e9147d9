#pragma once

#include <coroutine>
#include <memory>

#include <hocket/coro.hpp>
#include <hocket/detail/sync/waiter.hpp>

namespace hocket::detail {

class StreamState;

/// Returned by StreamWriter::drain.
class [[nodiscard]] Drain final : public Waiter {
public:
    using hocket_awaitable = void;
    using value_type = void;

    explicit Drain(std::shared_ptr<StreamState> stream) noexcept;
    ~Drain();
    operator Coro<void>() const; // NOLINT(google-explicit-constructor)

    bool await_ready() const;
    template <class P> void await_suspend(std::coroutine_handle<P> caller) {
        if (WaitQueue* const waiters = waiters_if_paused()) {
            wait_in(*waiters, caller, "StreamWriter");
        } else {
            // Closing: wait one turn, in which the end of the connection may be reported.
            yielding_ = caller.promise().task;
            yielding_->yield(caller.promise());
        }
    }
    void await_resume() {
        if (has_waited()) {
            throw_if_not_granted("StreamWriter");
        } else if (yielding_ != nullptr) {
            yielding_->throw_if_cancelled();
        }
        throw_if_lost();
    }
    [[nodiscard]] WaitReason reason() const noexcept override { return {.what = "socket write"}; }

private:
    [[nodiscard]] WaitQueue* waiters_if_paused() noexcept;
    void throw_if_lost() const;

    std::shared_ptr<StreamState> stream_;
    TaskBase* yielding_ = nullptr;
};

/// Returned by StreamWriter::wait_closed.
class [[nodiscard]] WaitStreamClosed final : public Waiter {
public:
    using hocket_awaitable = void;
    using value_type = void;

    explicit WaitStreamClosed(std::shared_ptr<StreamState> stream) noexcept;
    ~WaitStreamClosed();
    operator Coro<void>() const; // NOLINT(google-explicit-constructor)

    bool await_ready() const noexcept;
    template <class P> void await_suspend(std::coroutine_handle<P> caller) {
        wait_in(waiters(), caller, "StreamWriter");
    }
    void await_resume() {
        if (has_waited()) {
            throw_if_not_granted("StreamWriter");
        }
        throw_if_broken();
    }
    [[nodiscard]] WaitReason reason() const noexcept override {
        return {.what = "end of a connection"};
    }

private:
    [[nodiscard]] WaitQueue& waiters() noexcept;
    void throw_if_broken() const;

    std::shared_ptr<StreamState> stream_;
};

} // namespace hocket::detail
