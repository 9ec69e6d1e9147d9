#include <hocket/opencl/native.hpp>

#include "opencl/error_names.hpp"
#include "opencl/opencl_device.hpp"
#include "opencl/opencl_memory.hpp"
#include "opencl/opencl_stream.hpp"

namespace hocket::opencl {

using detail::opencl::OpenClDevice;

cl_device_id native_device(const gpu::Device& device) {
    return OpenClDevice::from(device.driver()).id();
}

cl_context native_context(const gpu::Device& device) {
    return OpenClDevice::from(device.driver()).context();
}

cl_command_queue native_queue(const Stream& stream) {
    static_cast<void>(OpenClDevice::from(stream.state()->driver()));
    return static_cast<const detail::opencl::OpenClStream&>(*stream.state()).queue();
}

cl_mem native_memory(const detail::gpu::DeviceMemory& memory) {
    static_cast<void>(OpenClDevice::from(memory.driver()));
    return static_cast<const detail::opencl::OpenClMemory&>(memory).get();
}

Event adopt_event(const gpu::Device& device, cl_event event) {
    auto* const state = new detail::opencl::OpenClEvent(OpenClDevice::from(device.driver()),
                                                        "a command of others", nullptr);
    Event adopted{detail::gpu::EventPointer(state)};
    detail::opencl::check("clRetainEvent", clRetainEvent(event));
    *state->event.out() = event;
    state->may_fail = true;
    return adopted;
}

} // namespace hocket::opencl
