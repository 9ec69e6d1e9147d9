#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <hocket/gpu/buffer.hpp>
#include <hocket/gpu/device.hpp>
#include <hocket/gpu/errors.hpp>
#include <hocket/gpu/event.hpp>
#include <hocket/gpu/grid.hpp>
#include <hocket/gpu/host_buffer.hpp>
#include <hocket/gpu/program.hpp>
#include <hocket/gpu/stream.hpp>

/// Work on NVIDIA's devices, awaited like everything else. Link `hocket::cuda`.
namespace hocket::cuda {

using gpu::Buffer;
using gpu::BuildError;
using gpu::DeviceInfo;
using gpu::DeviceKind;
using gpu::DeviceNotFound;
using gpu::Event;
using gpu::GpuError;
using gpu::Grid;
using gpu::HostBuffer;
using gpu::Kernel;
using gpu::Local;
using gpu::OutOfDeviceMemory;
using gpu::Program;
using gpu::Stream;

/// A device of NVIDIA. See gpu::Device. It uses the device's primary context, as the CUDA runtime
/// and the libraries on it do.
class Device : public gpu::Device {
public:
    /// The first device. Throws DeviceNotFound, which says why, if no device was found.
    Device();
    /// The first device whose name contains `name`, in whatever case. Throws DeviceNotFound, which
    /// lists the devices, if none has such a name.
    explicit Device(std::string_view name);
    using gpu::Device::Device;
};

/// All devices. CUDA_VISIBLE_DEVICES chooses among them, as in every program of CUDA. Returns an
/// empty list if there is no driver.
[[nodiscard]] std::vector<Device> devices();

/// A kernel that nvcc compiled into this program: `cuda::kernel(device, saxpy, "saxpy")`, where
/// `saxpy` is a `__global__` function. `name` is for error messages.
[[nodiscard]] Kernel kernel(const gpu::Device& device, const void* function, std::string name);
template <class... Parameters>
[[nodiscard]] Kernel kernel(const gpu::Device& device, void (*function)(Parameters...),
                            std::string name) {
    return kernel(device, reinterpret_cast<const void*>(function), std::move(name));
}

} // namespace hocket::cuda
