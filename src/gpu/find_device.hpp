#pragma once

#include <string_view>
#include <vector>

#include <hocket/detail/gpu/driver.hpp>

namespace hocket::detail::gpu {

/// The parts of DeviceNotFound that depend on the drivers' interface.
struct NotFound {
    const char* interface; ///< "OpenCL"
    const char* call;
    int code;
    const char* code_name;
    std::string_view advice; ///< what is wrong if there are no devices at all
};

/// The first GPU, or else the first accelerator, or else the first device. Throws DeviceNotFound.
[[nodiscard]] DeviceDriver& first_device(const std::vector<DeviceDriver*>& all,
                                         const NotFound& not_found);
/// The first device whose name or platform contains `name`, in whatever case. Throws
/// DeviceNotFound.
[[nodiscard]] DeviceDriver& named_device(const std::vector<DeviceDriver*>& all,
                                         std::string_view name, const NotFound& not_found);

} // namespace hocket::detail::gpu
