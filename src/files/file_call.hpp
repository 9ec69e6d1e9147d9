#pragma once

#include <cerrno>
#include <coroutine>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include <hocket/detail/loop/task_base.hpp>
#include <hocket/engine/operation.hpp>
#include <hocket/event_loop.hpp>

#include "engine/file_operations.hpp"

namespace hocket::detail {

/// The implementation of file operations for `loop`: io_uring or threads.
[[nodiscard]] engine::FileOperations& file_operations_of(EventLoop& loop);

/// Throws the std::system_error of a call that returned -errno for `path`.
[[noreturn]] void fail_call(const char* call, const std::string& path, std::int64_t result);

/// "folder/name"
[[nodiscard]] std::string join_path(const std::string& folder, const std::string& name);

/// Awaits one call to the file system. Must be a named local of the coroutine that awaits it,
/// declared after the memory that the call uses. Yields the call's result, or -errno. A
/// cancellation is passed on to the kernel. CancelledError is thrown once the call is over;
/// `result` then returns its outcome.
class FileCall final : public Operation, private engine::FileOperation {
public:
    using hocket_awaitable = void;

    explicit FileCall(const engine::FileRequest& request) noexcept : request_(request) {}

    bool await_ready() const noexcept { return false; }
    template <class P> void await_suspend(std::coroutine_handle<P> caller) {
        task_ = caller.promise().task;
        file_operations_of(*task_->loop().loop).start(*this, request_);
        task_->suspend(caller.promise(), *this);
    }
    std::int64_t await_resume() {
        task_->throw_if_cancelled();
        return result_;
    }

    [[nodiscard]] std::int64_t result() const noexcept { return result_; }
    /// The descriptor that the call has opened. If nobody takes it, as after a cancellation, the
    /// destructor closes it.
    [[nodiscard]] engine::FileDescriptor take_descriptor() noexcept {
        return std::move(descriptor_);
    }
    [[nodiscard]] WaitReason reason() const noexcept override { return {.what = "file operation"}; }

private:
    bool cancel(std::string_view) noexcept override {
        if (!is_pending()) {
            return false;
        }
        is_cancelled_ = true;
        request_cancel();
        return true;
    }
    void on_complete(std::int64_t result) noexcept override {
        result_ = result;
        if (request_.kind == engine::FileRequest::Call::open && result >= 0) {
            descriptor_ = engine::FileDescriptor(static_cast<int>(result));
        }
        if (is_cancelled_) {
            task_->interrupt();
        } else {
            task_->wake();
        }
    }

    engine::FileRequest request_;
    TaskBase* task_ = nullptr;
    bool is_cancelled_ = false;
    std::int64_t result_ = -ECANCELED;
    engine::FileDescriptor descriptor_;
};

} // namespace hocket::detail
