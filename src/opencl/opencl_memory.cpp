#include "opencl/opencl_memory.hpp"

#include <cstring>
#include <new>

#include <hocket/gpu/errors.hpp>

#include "opencl/error_names.hpp"

namespace hocket::detail::opencl {

namespace {

constexpr std::align_val_t cache_line{64};

Memory create_buffer(OpenClDevice& device, cl_mem_flags flags, std::size_t bytes) {
    cl_int error = CL_SUCCESS;
    Memory memory(clCreateBuffer(device.context(), flags, bytes, nullptr, &error));
    if (error == CL_INVALID_BUFFER_SIZE) { // PoCL's way of saying that there is too little
        throw hocket::gpu::OutOfDeviceMemory("clCreateBuffer", error, error_name(error), {},
                                             std::to_string(bytes) + " bytes");
    }
    check("clCreateBuffer", error);
    return memory;
}

} // namespace

OpenClMemory::OpenClMemory(OpenClDevice& device, std::size_t bytes)
    : DeviceMemory(device, bytes), memory_(create_buffer(device, CL_MEM_READ_WRITE, bytes)) {}

PinnedMemory::PinnedMemory(OpenClDevice& device, std::size_t bytes)
    : HostMemory(device, bytes),
      queue_(device.mapping_queue()),
      memory_(create_buffer(device, CL_MEM_READ_WRITE | CL_MEM_ALLOC_HOST_PTR, bytes)) {
    cl_int error = CL_SUCCESS;
    data_ = clEnqueueMapBuffer(queue_, memory_.get(), CL_TRUE, CL_MAP_READ | CL_MAP_WRITE, 0, bytes,
                               0, nullptr, nullptr, &error);
    check("clEnqueueMapBuffer", error);
    std::memset(data_, 0, bytes);
}

PinnedMemory::~PinnedMemory() {
    clEnqueueUnmapMemObject(queue_, memory_.get(), data_, 0, nullptr, nullptr);
    clFlush(queue_);
}

PlainMemory::PlainMemory(OpenClDevice& device, std::size_t bytes) : HostMemory(device, bytes) {
    data_ = ::operator new(bytes, cache_line);
}

PlainMemory::~PlainMemory() { ::operator delete(data_, cache_line); }

} // namespace hocket::detail::opencl
