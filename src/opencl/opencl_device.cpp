#include "opencl/opencl_device.hpp"

#include <utility>

#include <hocket/errors.hpp>

#include "opencl/error_names.hpp"
#include "opencl/opencl_memory.hpp"
#include "opencl/opencl_program.hpp"
#include "opencl/opencl_stream.hpp"

namespace hocket::detail::opencl {

namespace {

template <class T> T value_of(cl_device_id id, cl_device_info which) {
    T value{};
    check("clGetDeviceInfo", clGetDeviceInfo(id, which, sizeof(T), &value, nullptr));
    return value;
}

template <class Get> std::string text_of(const char* call, Get get) {
    std::size_t size = 0;
    check(call, get(0, nullptr, &size));
    std::string text(size, '\0');
    check(call, get(size, text.data(), nullptr));
    while (!text.empty() && (text.back() == '\0' || text.back() == ' ')) {
        text.pop_back();
    }
    return text;
}

std::string device_text(cl_device_id id, cl_device_info which) {
    return text_of("clGetDeviceInfo", [=](std::size_t size, char* to, std::size_t* needed) {
        return clGetDeviceInfo(id, which, size, to, needed);
    });
}

hocket::gpu::DeviceInfo describe(cl_device_id id) {
    using Kind = hocket::gpu::DeviceKind;
    const auto type = value_of<cl_device_type>(id, CL_DEVICE_TYPE);
    const auto platform = value_of<cl_platform_id>(id, CL_DEVICE_PLATFORM);
    hocket::gpu::DeviceInfo info;
    info.name = device_text(id, CL_DEVICE_NAME);
    info.platform =
        text_of("clGetPlatformInfo", [=](std::size_t size, char* to, std::size_t* needed) {
            return clGetPlatformInfo(platform, CL_PLATFORM_NAME, size, to, needed);
        });
    info.version = device_text(id, CL_DRIVER_VERSION);
    info.kind = (type & CL_DEVICE_TYPE_GPU) != 0   ? Kind::gpu
                : (type & CL_DEVICE_TYPE_CPU) != 0 ? Kind::cpu
                                                   : Kind::accelerator;
    info.memory = value_of<cl_ulong>(id, CL_DEVICE_GLOBAL_MEM_SIZE);
    info.max_allocation = value_of<cl_ulong>(id, CL_DEVICE_MAX_MEM_ALLOC_SIZE);
    info.local_memory = value_of<cl_ulong>(id, CL_DEVICE_LOCAL_MEM_SIZE);
    info.max_group_size = value_of<std::size_t>(id, CL_DEVICE_MAX_WORK_GROUP_SIZE);
    info.compute_units = value_of<cl_uint>(id, CL_DEVICE_MAX_COMPUTE_UNITS);
    info.has_double = value_of<cl_device_fp_config>(id, CL_DEVICE_DOUBLE_FP_CONFIG) != 0;
    info.shares_host_memory = value_of<cl_bool>(id, CL_DEVICE_HOST_UNIFIED_MEMORY) != CL_FALSE;
    return info;
}

std::vector<OpenClDevice*> find_all() {
    std::vector<OpenClDevice*> found;
    cl_uint count = 0;
    // Without any driver, the loader says so by an error.
    if (clGetPlatformIDs(0, nullptr, &count) != CL_SUCCESS || count == 0) {
        return found;
    }
    std::vector<cl_platform_id> platforms(count);
    check("clGetPlatformIDs", clGetPlatformIDs(count, platforms.data(), nullptr));
    for (const cl_platform_id platform : platforms) {
        if (clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, 0, nullptr, &count) != CL_SUCCESS) {
            continue; // a driver without devices
        }
        std::vector<cl_device_id> ids(count);
        check("clGetDeviceIDs",
              clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, count, ids.data(), nullptr));
        for (const cl_device_id id : ids) {
            found.push_back(new OpenClDevice(id));
        }
    }
    return found;
}

} // namespace

OpenClDevice::OpenClDevice(cl_device_id id) : DeviceDriver(describe(id)), id_(id) {}

const std::vector<OpenClDevice*>& OpenClDevice::all() {
    // Never destroyed: the drivers' threads may outlive main().
    static const auto& devices = *new std::vector<OpenClDevice*>(find_all());
    return devices;
}

OpenClDevice& OpenClDevice::from(gpu::DeviceDriver& driver) {
    auto* const device = dynamic_cast<OpenClDevice*>(&driver);
    if (device == nullptr) {
        throw ValueError("'" + driver.info().name + "' is not a device of OpenCL");
    }
    return *device;
}

cl_context OpenClDevice::context() {
    const std::scoped_lock lock(mutex_);
    if (context_ == nullptr) {
        cl_int error = CL_SUCCESS;
        context_ = clCreateContext(nullptr, 1, &id_, nullptr, nullptr, &error);
        check("clCreateContext", error);
    }
    return context_;
}

Queue OpenClDevice::make_queue() {
    cl_int error = CL_SUCCESS;
    Queue queue(clCreateCommandQueue(context(), id_, 0, &error));
    check("clCreateCommandQueue", error);
    return queue;
}

cl_command_queue OpenClDevice::mapping_queue() {
    Queue queue = make_queue();
    const std::scoped_lock lock(mutex_);
    if (mapping_queue_.get() == nullptr) {
        mapping_queue_ = std::move(queue);
    }
    return mapping_queue_.get();
}

void OpenClDevice::release_later(Event event) noexcept {
    const std::scoped_lock lock(events_mutex_);
    std::swap(old_events_[oldest_], event); // the oldest is released without the lock
    oldest_ = (oldest_ + 1) % old_events_.size();
}

std::shared_ptr<gpu::StreamState> OpenClDevice::make_stream() {
    return std::make_shared<OpenClStream>(*this);
}

std::shared_ptr<gpu::DeviceMemory> OpenClDevice::allocate(std::size_t bytes) {
    return std::make_shared<OpenClMemory>(*this, bytes);
}

std::shared_ptr<gpu::HostMemory> OpenClDevice::allocate_pinned(std::size_t bytes) {
    return std::make_shared<PinnedMemory>(*this, bytes);
}

std::shared_ptr<gpu::HostMemory> OpenClDevice::allocate_staging(std::size_t bytes) {
    return std::make_shared<PlainMemory>(*this, bytes);
}

std::shared_ptr<gpu::ProgramState> OpenClDevice::build(const std::string& source,
                                                       const std::string& options) {
    return std::make_shared<OpenClProgram>(*this, source, options);
}

std::exception_ptr OpenClDevice::failure(const char* call, int code,
                                         const std::string& kernel) const {
    return error_of(call, code, kernel);
}

} // namespace hocket::detail::opencl
