#include <hocket/opencl.hpp>

#include "gpu/find_device.hpp"
#include "opencl/error_names.hpp"
#include "opencl/opencl_device.hpp"

namespace hocket::opencl {

namespace {

std::vector<detail::gpu::DeviceDriver*> all_drivers() {
    const auto& all = detail::opencl::OpenClDevice::all();
    return {all.begin(), all.end()};
}

constexpr detail::gpu::NotFound not_found{
    .interface = "OpenCL",
    .call = "clGetDeviceIDs",
    .code = CL_DEVICE_NOT_FOUND,
    .code_name = "CL_DEVICE_NOT_FOUND",
    .advice = "no OpenCL driver is installed (on Debian, pocl-opencl-icd runs kernels on the "
              "processor)",
};

} // namespace

Device::Device() : gpu::Device(detail::gpu::first_device(all_drivers(), not_found)) {}

Device::Device(std::string_view name)
    : gpu::Device(detail::gpu::named_device(all_drivers(), name, not_found)) {}

std::vector<Device> devices() {
    std::vector<Device> found;
    for (detail::gpu::DeviceDriver* driver : all_drivers()) {
        found.emplace_back(*driver);
    }
    return found;
}

} // namespace hocket::opencl
