#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include <hocket/detail/gpu/argument.hpp>

#include "cuda/cuda_device.hpp"

namespace hocket::detail::cuda {

/// Code that NVRTC compiled, loaded into the driver.
class CudaProgram final : public gpu::ProgramState,
                          public std::enable_shared_from_this<CudaProgram> {
public:
    CudaProgram(CudaDevice& device, const std::string& source, const std::string& options);
    ~CudaProgram() override;
    std::shared_ptr<gpu::KernelState> kernel(const std::string& name) override;

private:
    cudaLibrary_t library_ = nullptr;
};

class CudaKernel final : public gpu::KernelState {
public:
    /// `program` is empty for a kernel that is part of the executable.
    CudaKernel(CudaDevice& device, cudaKernel_t kernel, std::string name,
               std::shared_ptr<CudaProgram> program);

    [[nodiscard]] const void* function() const noexcept { return kernel_; }
    /// Throws ValueError if the arguments do not fit the kernel's parameters.
    void require_fitting(std::span<const gpu::Argument> arguments) const;

private:
    cudaKernel_t kernel_;
    std::shared_ptr<CudaProgram> program_;
    std::optional<std::vector<std::size_t>> parameter_sizes_; // empty if the driver does not tell
};

} // namespace hocket::detail::cuda
