#pragma once

#include <cstring>

#include "cuda/cuda_device.hpp"

namespace hocket::detail::cuda {

class CudaMemory final : public gpu::DeviceMemory {
public:
    CudaMemory(CudaDevice& device, std::size_t bytes)
        : DeviceMemory(device, bytes), device_(device), data_(device.allocate_memory(bytes)) {}
    ~CudaMemory() override { device_.free_memory(data_); }

    [[nodiscard]] void* data() const noexcept { return data_; }

private:
    CudaDevice& device_;
    void* data_;
};

class CudaHostMemory final : public gpu::HostMemory {
public:
    CudaHostMemory(CudaDevice& device, std::size_t bytes)
        : HostMemory(device, bytes), device_(device) {
        data_ = device.allocate_host(bytes);
    }
    ~CudaHostMemory() override { device_.free_host(data_, bytes()); }
    void clear() noexcept { std::memset(data_, 0, bytes()); }

private:
    CudaDevice& device_;
};

} // namespace hocket::detail::cuda
