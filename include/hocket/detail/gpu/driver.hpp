#pragma once

#include <cstddef>
#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <hocket/engine/ref_ptr.hpp>
#include <hocket/gpu/device.hpp>

/// What a kind of device (OpenCL, CUDA) implements. Everything else is the same for all.
namespace hocket::detail::gpu {

class DeviceDriver;
class EventState;
class EventWaiter;
class StreamState;

using EventPointer = engine::RefPtr<EventState>;

/// Memory of a device. Freed by the destructor, which must not wait for the device and may run on
/// any thread.
class DeviceMemory {
public:
    DeviceMemory(DeviceDriver& driver, std::size_t bytes) noexcept
        : driver_(driver), bytes_(bytes) {}
    DeviceMemory(const DeviceMemory&) = delete;
    DeviceMemory& operator=(const DeviceMemory&) = delete;
    virtual ~DeviceMemory() = default;

    [[nodiscard]] DeviceDriver& driver() const noexcept { return driver_; }
    [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }

private:
    DeviceDriver& driver_;
    std::size_t bytes_;
};

/// Memory of this process that the device can copy from and to.
class HostMemory {
public:
    HostMemory(DeviceDriver& driver, std::size_t bytes) noexcept : driver_(driver), bytes_(bytes) {}
    HostMemory(const HostMemory&) = delete;
    HostMemory& operator=(const HostMemory&) = delete;
    virtual ~HostMemory() = default;

    [[nodiscard]] DeviceDriver& driver() const noexcept { return driver_; }
    [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }
    [[nodiscard]] void* data() const noexcept { return data_; }

protected:
    void* data_ = nullptr; // set by the driver's constructor

private:
    DeviceDriver& driver_;
    std::size_t bytes_;
};

/// A function of a program. May be launched from several threads at once.
class KernelState {
public:
    KernelState(DeviceDriver& driver, std::string name) noexcept
        : driver_(driver), name_(std::move(name)) {}
    KernelState(const KernelState&) = delete;
    KernelState& operator=(const KernelState&) = delete;
    virtual ~KernelState() = default;

    [[nodiscard]] DeviceDriver& driver() const noexcept { return driver_; }
    [[nodiscard]] const std::string& name() const noexcept { return name_; }

private:
    DeviceDriver& driver_;
    std::string name_;
};

/// A program that was built for a device.
class ProgramState {
public:
    explicit ProgramState(DeviceDriver& driver) noexcept : driver_(driver) {}
    ProgramState(const ProgramState&) = delete;
    ProgramState& operator=(const ProgramState&) = delete;
    virtual ~ProgramState() = default;

    [[nodiscard]] DeviceDriver& driver() const noexcept { return driver_; }
    /// Throws ValueError if there is no kernel called `name`.
    [[nodiscard]] virtual std::shared_ptr<KernelState> kernel(const std::string& name) = 0;

private:
    DeviceDriver& driver_;
};

/// A device. Exists until the process ends, because its driver's threads do.
class DeviceDriver {
public:
    explicit DeviceDriver(hocket::gpu::DeviceInfo info);
    DeviceDriver(const DeviceDriver&) = delete;
    DeviceDriver& operator=(const DeviceDriver&) = delete;
    virtual ~DeviceDriver();

    [[nodiscard]] const hocket::gpu::DeviceInfo& info() const noexcept { return info_; }
    [[nodiscard]] EventWaiter& waiter() const noexcept { return *waiter_; }

    [[nodiscard]] virtual std::shared_ptr<StreamState> make_stream() = 0;
    [[nodiscard]] virtual std::shared_ptr<DeviceMemory> allocate(std::size_t bytes) = 0;
    /// Memory that the device reaches without a copy by the driver.
    [[nodiscard]] virtual std::shared_ptr<HostMemory> allocate_pinned(std::size_t bytes) = 0;
    /// Memory for one copy, which the driver can start without waiting for it.
    [[nodiscard]] virtual std::shared_ptr<HostMemory> allocate_staging(std::size_t bytes) = 0;
    [[nodiscard]] virtual std::shared_ptr<ProgramState> build(const std::string& source,
                                                              const std::string& options) = 0;
    /// The exception for a command of `call` and, unless it is empty, of `kernel`.
    [[nodiscard]] virtual std::exception_ptr failure(const char* call, int code,
                                                     const std::string& kernel) const = 0;

private:
    hocket::gpu::DeviceInfo info_;
    std::unique_ptr<EventWaiter> waiter_;
};

/// `count` elements of `size` bytes, in bytes. Throws ValueError if there are none, and
/// OutOfDeviceMemory if there are more than the device could ever allocate.
[[nodiscard]] std::size_t checked_bytes(const DeviceDriver& driver, std::size_t count,
                                        std::size_t size);
/// Throws ValueError unless `what` belongs to the device of `driver`.
void require_same_device(const DeviceDriver& driver, const DeviceDriver& other,
                         std::string_view what);

} // namespace hocket::detail::gpu
