#pragma once

#include <memory>
#include <string>

#include <hocket/detail/gpu/driver.hpp>
#include <hocket/errors.hpp>
#include <hocket/gpu/device.hpp>

namespace hocket::gpu {

/// A function that a device runs. A handle: copies refer to the same function. May be launched from
/// several threads at once.
class Kernel {
public:
    explicit Kernel(std::shared_ptr<detail::gpu::KernelState> state) noexcept
        : state_(std::move(state)) {}

    [[nodiscard]] const std::string& name() const noexcept { return state_->name(); }

    [[nodiscard]] const std::shared_ptr<detail::gpu::KernelState>& state() const noexcept {
        return state_;
    }

private:
    std::shared_ptr<detail::gpu::KernelState> state_;
};

/// A program for a device, built from its source: OpenCL C, or CUDA C++ with `extern "C"` kernels.
///
/// Building takes from milliseconds to seconds and blocks the thread. In a task, use
///
///     hocket::opencl::Device device;
///     const std::string source = "kernel void nothing() {}";
///     const auto build = [=] { return hocket::opencl::Program(device, source); };
///     const hocket::opencl::Program program = co_await hocket::to_thread(build);
class Program {
public:
    /// `options` are those of the compiler: "-DN=16 -cl-fast-relaxed-math". Throws BuildError,
    /// which contains the compiler's messages.
    Program(const Device& device, const std::string& source, const std::string& options = {})
        : state_(device.driver().build(source, options)) {}

    /// The kernel called `name`. Throws ValueError if the program has no such kernel.
    [[nodiscard]] Kernel kernel(const std::string& name) const {
        return Kernel(state_->kernel(name));
    }

private:
    std::shared_ptr<detail::gpu::ProgramState> state_;
};

} // namespace hocket::gpu
