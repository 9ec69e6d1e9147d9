#pragma once

#include <stdexcept>
#include <string>

namespace hocket::gpu {

/// Thrown when a device or its driver refuses a call or fails a command. `what()` contains all of
/// the parts below.
class GpuError : public std::runtime_error {
public:
    /// `detail` is appended to the text; may be empty, as may `kernel`.
    GpuError(std::string call, int code, std::string code_name, std::string kernel = {},
             const std::string& detail = {});

    /// The function of the driver that failed: "clEnqueueNDRangeKernel". For a command that was
    /// accepted and failed later, this is the function that submitted it.
    [[nodiscard]] const std::string& call() const noexcept { return call_; }
    [[nodiscard]] int code() const noexcept { return code_; }
    /// "CL_INVALID_WORK_GROUP_SIZE"
    [[nodiscard]] const std::string& code_name() const noexcept { return code_name_; }
    /// The name of the kernel concerned; empty if no kernel is concerned.
    [[nodiscard]] const std::string& kernel() const noexcept { return kernel_; }

private:
    std::string call_;
    int code_;
    std::string code_name_;
    std::string kernel_;
};

/// Thrown when a program does not compile. `what()` contains the compiler's messages.
class BuildError : public GpuError {
public:
    BuildError(std::string call, int code, std::string code_name, std::string build_log);

    /// The compiler's messages.
    [[nodiscard]] const std::string& build_log() const noexcept { return build_log_; }

private:
    std::string build_log_;
};

/// Thrown when the device, or the driver on its behalf, has too little memory. Some drivers
/// allocate a buffer only when it is first used: then the copy or the launch throws this.
class OutOfDeviceMemory : public GpuError {
public:
    using GpuError::GpuError;
};

/// Thrown when there is no device, or none with the requested name.
class DeviceNotFound : public GpuError {
public:
    using GpuError::GpuError;
};

} // namespace hocket::gpu
