#include <hocket/cuda/native.hpp>

#include "cuda/cuda_device.hpp"
#include "cuda/cuda_memory.hpp"
#include "cuda/cuda_stream.hpp"

namespace hocket::cuda {

using detail::cuda::CudaDevice;

int native_device(const gpu::Device& device) { return CudaDevice::from(device.driver()).number(); }

cudaStream_t native_stream(const Stream& stream) {
    static_cast<void>(CudaDevice::from(stream.state()->driver()));
    return static_cast<const detail::cuda::CudaStream&>(*stream.state()).get();
}

void* native_memory(const detail::gpu::DeviceMemory& memory) {
    static_cast<void>(CudaDevice::from(memory.driver()));
    return static_cast<const detail::cuda::CudaMemory&>(memory).data();
}

} // namespace hocket::cuda
