#pragma once

#include <mutex>
#include <span>
#include <string>
#include <vector>

#include <hocket/detail/gpu/argument.hpp>

#include "opencl/opencl_device.hpp"

namespace hocket::detail::opencl {

class OpenClProgram final : public gpu::ProgramState {
public:
    OpenClProgram(OpenClDevice& device, const std::string& source, const std::string& options);
    std::shared_ptr<gpu::KernelState> kernel(const std::string& name) override;

private:
    Program program_;
};

class OpenClKernel final : public gpu::KernelState {
public:
    OpenClKernel(OpenClDevice& device, Kernel kernel, std::string name);

    /// Calls `enqueue(cl_kernel)` with the arguments set. Throws ValueError if they do not fit.
    template <class F> void with_arguments(std::span<const gpu::Argument> arguments, F&& enqueue) {
        // The arguments belong to the kernel until the command is submitted.
        const std::scoped_lock lock(mutex_);
        set_arguments(arguments);
        enqueue(kernel_.get());
    }

private:
    /// A parameter as its declaration says; the type's name is empty if the driver does not tell.
    struct Parameter {
        std::string name;
        std::string type;
        bool is_local = false;
        bool is_pointer = false;
    };

    void set_arguments(std::span<const gpu::Argument> arguments);
    void require_fitting(std::size_t index, const gpu::Argument& argument) const;

    std::mutex mutex_;
    Kernel kernel_;
    std::vector<Parameter> parameters_;
};

} // namespace hocket::detail::opencl
