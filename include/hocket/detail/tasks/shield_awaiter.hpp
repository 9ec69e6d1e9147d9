#pragma once

#include <string_view>

#include <hocket/task.hpp>

namespace hocket::detail {

/// Awaits a task without passing cancellation on to it.
template <class T> class ShieldAwaiter final : public TaskAwaiterBase {
public:
    explicit ShieldAwaiter(TaskState<T>& inner) noexcept : TaskAwaiterBase(inner) {}
    T await_resume() {
        finish();
        return static_cast<TaskState<T>&>(awaited_).result();
    }
    bool cancel(std::string_view) noexcept override {
        stop_waiting();
        return true;
    }
};

} // namespace hocket::detail
