#pragma once

#include <hocket/opencl.hpp>

#ifndef CL_TARGET_OPENCL_VERSION
#define CL_TARGET_OPENCL_VERSION 120
#endif
#include <CL/cl.h>

/// OpenCL's own objects, for libraries that work with them. They stay hocket's: retain what must
/// live longer than the object that it came from. All throw ValueError if the object is not one of
/// OpenCL.
namespace hocket::opencl {

[[nodiscard]] cl_device_id native_device(const gpu::Device& device);
/// Throws GpuError if the driver cannot create it.
[[nodiscard]] cl_context native_context(const gpu::Device& device);
/// Commands that others submit to the queue are in order with those of the stream, but
/// Stream::completed does not see them: adopt their events.
[[nodiscard]] cl_command_queue native_queue(const Stream& stream);
[[nodiscard]] cl_mem native_memory(const detail::gpu::DeviceMemory& memory);
template <class T> [[nodiscard]] cl_mem native_memory(const Buffer<T>& buffer) {
    return native_memory(*buffer.memory());
}
/// An Event for an event of OpenCL, which must belong to the device's context. Retains it.
[[nodiscard]] Event adopt_event(const gpu::Device& device, cl_event event);

} // namespace hocket::opencl
