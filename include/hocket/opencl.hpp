#pragma once

#include <string_view>
#include <vector>

#include <hocket/gpu/buffer.hpp>
#include <hocket/gpu/device.hpp>
#include <hocket/gpu/errors.hpp>
#include <hocket/gpu/event.hpp>
#include <hocket/gpu/grid.hpp>
#include <hocket/gpu/host_buffer.hpp>
#include <hocket/gpu/program.hpp>
#include <hocket/gpu/stream.hpp>

/// Work on devices with an OpenCL driver (1.2 or newer), awaited like everything else. Link
/// `hocket::opencl`.
namespace hocket::opencl {

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

/// A device with an OpenCL driver. See gpu::Device.
class Device : public gpu::Device {
public:
    /// The first GPU, or else the first accelerator, or else the first device. Throws
    /// DeviceNotFound if no device was found.
    Device();
    /// The first device whose name or platform contains `name`, in whatever case. Throws
    /// DeviceNotFound, which lists the devices, if none has such a name.
    explicit Device(std::string_view name);
    using gpu::Device::Device;
};

/// All devices, in the order in which the drivers list them. The drivers are asked once: devices
/// that are connected later are not found. Returns an empty list if there is no driver.
[[nodiscard]] std::vector<Device> devices();

} // namespace hocket::opencl
