#include <hocket/cuda.hpp>

#include <utility>

#include "cuda/cuda_device.hpp"
#include "cuda/cuda_error.hpp"
#include "cuda/cuda_program.hpp"
#include "gpu/find_device.hpp"

namespace hocket::cuda {

namespace {

using detail::cuda::CudaDevice;

std::vector<detail::gpu::DeviceDriver*> all_drivers() {
    const auto& all = CudaDevice::all();
    return {all.begin(), all.end()};
}

detail::gpu::NotFound not_found() {
    const cudaError_t error =
        CudaDevice::all().empty() ? CudaDevice::why_none() : cudaErrorNoDevice;
    return {.interface = "CUDA",
            .call = "cudaGetDeviceCount",
            .code = error,
            .code_name = cudaGetErrorName(error),
            .advice = cudaGetErrorString(error)};
}

} // namespace

Device::Device() : gpu::Device(detail::gpu::first_device(all_drivers(), not_found())) {}

Device::Device(std::string_view name)
    : gpu::Device(detail::gpu::named_device(all_drivers(), name, not_found())) {}

std::vector<Device> devices() {
    std::vector<Device> found;
    for (detail::gpu::DeviceDriver* driver : all_drivers()) {
        found.emplace_back(*driver);
    }
    return found;
}

Kernel kernel(const gpu::Device& device, const void* function, std::string name) {
    CudaDevice& cuda_device = CudaDevice::from(device.driver());
    cuda_device.use();
    cudaKernel_t native = nullptr;
    detail::cuda::check("cudaGetKernel", cudaGetKernel(&native, function), name);
    return Kernel(
        std::make_shared<detail::cuda::CudaKernel>(cuda_device, native, std::move(name), nullptr));
}

} // namespace hocket::cuda
