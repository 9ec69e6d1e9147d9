#include <hocket/detail/threads/cross_thread_task.hpp>

#include <hocket/errors.hpp>

namespace hocket::detail {

void RemoteCancel::close() noexcept {
    const std::scoped_lock lock(mutex_);
    loop_ = nullptr;
    task_ = AnyTask();
}

void RemoteCancel::request(const std::shared_ptr<RemoteCancel>& self) {
    const std::scoped_lock lock(self->mutex_);
    if (self->loop_ == nullptr) {
        return;
    }
    try {
        self->loop_->call_soon_threadsafe([self] {
            if (self->task_) {
                self->task_.cancel();
            }
        });
    } catch (const RuntimeError&) {
        // The loop is closed, so the task has been destroyed.
    }
}

} // namespace hocket::detail
