#pragma once

#include "opencl/opencl_device.hpp"

namespace hocket::detail::opencl {

class OpenClMemory final : public gpu::DeviceMemory {
public:
    OpenClMemory(OpenClDevice& device, std::size_t bytes);
    [[nodiscard]] cl_mem get() const noexcept { return memory_.get(); }

private:
    Memory memory_;
};

/// Memory that the driver allocates for copies, and that stays mapped.
class PinnedMemory final : public gpu::HostMemory {
public:
    PinnedMemory(OpenClDevice& device, std::size_t bytes);
    ~PinnedMemory() override;

private:
    cl_command_queue queue_;
    Memory memory_;
};

/// Memory of the heap. All drivers copy from and to it without blocking the caller.
class PlainMemory final : public gpu::HostMemory {
public:
    PlainMemory(OpenClDevice& device, std::size_t bytes);
    ~PlainMemory() override;
};

} // namespace hocket::detail::opencl
