#pragma once

#include <cstddef>
#include <memory>
#include <type_traits>

#include <hocket/detail/gpu/driver.hpp>
#include <hocket/errors.hpp>
#include <hocket/gpu/device.hpp>

namespace hocket::gpu {

/// An array of `T` in the memory of a device. A handle: copies refer to the same memory. The memory
/// is freed when the last copy is gone and the device has done all commands that use it, so a
/// Buffer may be destroyed while they run. Its first contents are not defined. Handles may be used
/// from any thread, one handle by one thread at a time.
///
///     hocket::opencl::Device device;
///     hocket::opencl::Buffer<float> x(device, 1'000'000);
template <class T> class Buffer {
public:
    static_assert(std::is_trivially_copyable_v<T>,
                  "elements of a Buffer are copied byte by byte: T must be trivially copyable");
    using value_type = T;

    Buffer() noexcept = default; ///< Refers to no memory.
    /// Memory for `size` elements. Throws ValueError if `size` is 0, and OutOfDeviceMemory.
    Buffer(const Device& device, std::size_t size)
        : memory_(device.driver().allocate(
              detail::gpu::checked_bytes(device.driver(), size, sizeof(T)))),
          size_(size) {}

    [[nodiscard]] std::size_t size() const noexcept { return size_; } ///< In elements.
    [[nodiscard]] std::size_t bytes() const noexcept { return size_ * sizeof(T); }
    [[nodiscard]] Device device() const { return Device(memory()->driver()); }

    /// For the implementation. Throws InvalidStateError if the Buffer refers to no memory.
    [[nodiscard]] const std::shared_ptr<detail::gpu::DeviceMemory>& memory() const {
        if (!memory_) [[unlikely]] {
            throw InvalidStateError("this Buffer is empty: it refers to no memory");
        }
        return memory_;
    }

private:
    std::shared_ptr<detail::gpu::DeviceMemory> memory_;
    std::size_t size_ = 0;
};

} // namespace hocket::gpu
