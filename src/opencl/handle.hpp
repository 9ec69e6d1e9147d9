#pragma once

#include <utility>

#include "opencl/cl.hpp"

namespace hocket::detail::opencl {

/// Owns one reference to an object of OpenCL.
template <class T, cl_int (*release)(T)> class Handle {
public:
    Handle() noexcept = default;
    explicit Handle(T object) noexcept : object_(object) {}
    Handle(Handle&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
    Handle& operator=(Handle&& other) noexcept {
        std::swap(object_, other.object_);
        return *this;
    }
    ~Handle() {
        if (object_ != nullptr) {
            release(object_);
        }
    }

    [[nodiscard]] T get() const noexcept { return object_; }
    /// Where a call stores a new object. There must be none.
    [[nodiscard]] T* out() noexcept { return &object_; }

private:
    T object_ = nullptr;
};

using Memory = Handle<cl_mem, clReleaseMemObject>;
using Queue = Handle<cl_command_queue, clReleaseCommandQueue>;
using Program = Handle<cl_program, clReleaseProgram>;
using Kernel = Handle<cl_kernel, clReleaseKernel>;
using Event = Handle<cl_event, clReleaseEvent>;

} // namespace hocket::detail::opencl
