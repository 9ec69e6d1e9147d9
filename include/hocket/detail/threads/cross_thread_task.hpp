#pragma once

#include <exception>
#include <memory>
#include <mutex>
#include <source_location>
#include <type_traits>
#include <utility>

#include <hocket/coro.hpp>
#include <hocket/event_loop.hpp>
#include <hocket/future.hpp>
#include <hocket/task.hpp>

namespace hocket::detail {

/// Lets a future cancel the task that produces its result, while that task exists.
class RemoteCancel {
public:
    explicit RemoteCancel(EventLoop& loop) : loop_(&loop) {}

    /// Called on the loop's thread.
    void set_task(AnyTask task) noexcept { task_ = std::move(task); }
    /// Called on the loop's thread when the task is done or will never be. The loop may be
    /// destroyed afterwards.
    void close() noexcept;
    /// Cancels the task; may be called from any thread. Keeps `self` alive until then.
    static void request(const std::shared_ptr<RemoteCancel>& self);

private:
    std::mutex mutex_; // guards loop_, because the loop may end while a thread calls it
    EventLoop* loop_;
    AnyTask task_; // used only by the loop's thread
};

/// The loop's part of run_coroutine_threadsafe. Exists until the future is done.
template <class T> class CrossThreadTask final : public CompletionWaiter {
public:
    CrossThreadTask(Coro<T> coro, EventLoop& loop, std::source_location place)
        : coro_(std::move(coro)), place_(place), cancel_(std::make_shared<RemoteCancel>(loop)) {}
    ~CrossThreadTask() {
        cancel_->close();
        coro_.close(); // the future's exception says why it did not run
        if (!state_->done()) {
            state_->fail_if_unset("the event loop was closed before the coroutine ended");
        }
    }
    CrossThreadTask(const CrossThreadTask&) = delete;
    CrossThreadTask& operator=(const CrossThreadTask&) = delete;

    [[nodiscard]] Future<T> future() const {
        Future<T> result(state_);
        result.add_done_callback([result = state_.get(), cancel = cancel_] {
            if (result->status() == FutureStateBase::Status::cancelled) {
                RemoteCancel::request(cancel);
            }
        });
        return result;
    }
    /// Called on the loop's thread.
    static void start(std::unique_ptr<CrossThreadTask> self, EventLoop& loop) {
        if (self->state_->done()) {
            return; // cancelled before it started
        }
        self->task_ = spawn(loop.core(), std::move(self->coro_), nullptr, self->place_);
        self->cancel_->set_task(self->task_);
        TaskBase& task = self->task_.state();
        task.add_waiter(*self.release()); // deletes itself
    }

    void on_done(TaskBase& task) noexcept override {
        const std::unique_ptr<CrossThreadTask> self(this);
        cancel_->close();
        if (task.state() == TaskBase::State::cancelled) {
            state_->cancel();
        } else if (state_->set_running_or_notify_cancel()) {
            complete_future();
        }
    }
    void discard() noexcept override { delete this; }

private:
    void complete_future() noexcept {
        auto& task = static_cast<TaskState<T>&>(task_.state());
        try {
            if constexpr (std::is_void_v<T>) {
                task.take();
                state_->set_value();
            } else {
                state_->set_value(task.take());
            }
        } catch (...) {
            state_->set_error(std::current_exception());
        }
    }

    Coro<T> coro_;
    const std::source_location place_;
    Task<T> task_;
    FuturePointer<FutureState<T>> state_{new FutureState<T>()};
    std::shared_ptr<RemoteCancel> cancel_;
};

template <class T>
Future<T> run_remotely(Coro<T> coro, EventLoop& loop, std::source_location place) {
    auto remote = std::make_unique<CrossThreadTask<T>>(std::move(coro), loop, place);
    Future<T> future = remote->future();
    auto start = [remote = std::move(remote), &loop]() mutable {
        CrossThreadTask<T>::start(std::move(remote), loop);
    };
    loop.call_soon_threadsafe(std::move(start));
    return future;
}

} // namespace hocket::detail
