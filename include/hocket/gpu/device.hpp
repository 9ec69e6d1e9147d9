#pragma once

#include <cstddef>
#include <string>

namespace hocket::detail::gpu {
class DeviceDriver;
} // namespace hocket::detail::gpu

namespace hocket::gpu {

enum class DeviceKind { cpu, gpu, accelerator };

/// What a device is and can do. Sizes are in bytes.
struct DeviceInfo {
    std::string name;
    std::string platform; ///< whose driver it is: "NVIDIA CUDA", "Portable Computing Language"
    std::string version;  ///< of the driver
    DeviceKind kind = DeviceKind::gpu;
    std::size_t memory = 0;
    std::size_t max_allocation = 0; ///< of one buffer
    std::size_t local_memory = 0;   ///< of one group
    std::size_t max_group_size = 0; ///< in items
    unsigned compute_units = 0;
    bool has_double = false;         ///< whether kernels may compute with `double`
    bool shares_host_memory = false; ///< whether its memory is that of the processor
};

/// A device of any driver. A handle: copies refer to the same device. Created by opencl::Device or
/// cuda::Device. May be used from any thread. All that a process does with one device shares one
/// context, which is created on first use and is kept until the process ends. A forked child must
/// not use its parent's devices.
class Device {
public:
    explicit Device(detail::gpu::DeviceDriver& driver) noexcept : driver_(&driver) {}

    [[nodiscard]] const DeviceInfo& info() const noexcept;
    [[nodiscard]] const std::string& name() const noexcept { return info().name; }
    friend bool operator==(const Device&, const Device&) noexcept = default;

    [[nodiscard]] detail::gpu::DeviceDriver& driver() const noexcept { return *driver_; }

private:
    detail::gpu::DeviceDriver* driver_;
};

} // namespace hocket::gpu
