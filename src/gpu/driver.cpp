#include <hocket/detail/gpu/driver.hpp>

#include <limits>

#include <hocket/errors.hpp>
#include <hocket/gpu/errors.hpp>

#include "gpu/event_waiter.hpp"

namespace hocket::gpu {

const DeviceInfo& Device::info() const noexcept { return driver_->info(); }

} // namespace hocket::gpu

namespace hocket::detail::gpu {

DeviceDriver::DeviceDriver(hocket::gpu::DeviceInfo info)
    : info_(std::move(info)), waiter_(std::make_unique<EventWaiter>()) {}

DeviceDriver::~DeviceDriver() = default;

std::size_t checked_bytes(const DeviceDriver& driver, std::size_t count, std::size_t size) {
    if (count == 0) {
        throw ValueError("a device has no memory for 0 elements");
    }
    const std::size_t most = driver.info().max_allocation;
    if (count > most / size) {
        throw hocket::gpu::OutOfDeviceMemory("allocation", 0, "too large", {},
                                             std::to_string(count) + " elements of " +
                                                 std::to_string(size) + " bytes; '" +
                                                 driver.info().name + "' allocates at most " +
                                                 std::to_string(most) + " bytes at once");
    }
    return count * size;
}

void require_same_device(const DeviceDriver& driver, const DeviceDriver& other,
                         std::string_view what) {
    if (&driver != &other) {
        throw ValueError(std::string(what) + " belongs to '" + other.info().name +
                         "', but the stream to '" + driver.info().name + "'");
    }
}

} // namespace hocket::detail::gpu
