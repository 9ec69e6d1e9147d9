#pragma once

#include <hocket/detail/gpu/event_state.hpp>
#include <hocket/detail/gpu/stream_state.hpp>

#include "cuda/cuda_device.hpp"

namespace hocket::detail::cuda {

class CudaEvent final : public gpu::EventState {
public:
    CudaEvent(CudaDevice& device, const char* call, std::shared_ptr<const gpu::KernelState> kernel)
        : EventState(device, call, std::move(kernel)),
          device_(device),
          event_(device.take_event()) {}
    ~CudaEvent() override { device_.give_back(event_); }

    gpu::CommandStatus poll() noexcept override;
    gpu::CommandStatus block() noexcept override;
    [[nodiscard]] cudaEvent_t get() const noexcept { return event_; }

private:
    CudaDevice& device_;
    cudaEvent_t event_;
};

class CudaStream final : public gpu::StreamState {
public:
    explicit CudaStream(CudaDevice& device);
    ~CudaStream() override;

    [[nodiscard]] cudaStream_t get() const noexcept { return stream_; }

private:
    gpu::EventPointer submit_write(const gpu::HostMemory& from, gpu::DeviceMemory& to,
                                   std::size_t bytes) override;
    gpu::EventPointer submit_read(const gpu::DeviceMemory& from, gpu::HostMemory& to,
                                  std::size_t bytes) override;
    gpu::EventPointer submit_copy(const gpu::DeviceMemory& from, gpu::DeviceMemory& to,
                                  std::size_t bytes) override;
    gpu::EventPointer submit_kernel(const std::shared_ptr<gpu::KernelState>& kernel,
                                    const hocket::gpu::Grid& grid,
                                    std::span<const gpu::Argument> arguments) override;
    gpu::EventPointer submit_wait(gpu::EventState& event) override;
    gpu::EventPointer submit_marker() override;
    [[nodiscard]] bool driver_keeps() const noexcept override { return false; }

    template <class F>
    gpu::EventPointer submit(const char* call, std::shared_ptr<gpu::KernelState> kernel, F&& f);
    gpu::EventPointer copy(void* to, const void* from, std::size_t bytes);

    CudaDevice& device_;
    cudaStream_t stream_ = nullptr;
};

} // namespace hocket::detail::cuda
