#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <type_traits>

#include <hocket/detail/gpu/driver.hpp>
#include <hocket/errors.hpp>
#include <hocket/gpu/device.hpp>

namespace hocket::gpu {

/// An array of `T` in this process's memory that a device copies from and to without an
/// intermediate copy ("pinned" memory). A handle: copies refer to the same elements. A copy between
/// it and a Buffer keeps the memory alive until the device is done, also if the task that waits for
/// it is cancelled.
///
/// Pinned memory is taken from all programs of the machine: use it for what is copied often.
/// Nothing orders accesses of the processor with those of the device: do not write elements that a
/// running copy reads, or read those that it writes.
template <class T> class HostBuffer {
public:
    static_assert(std::is_trivially_copyable_v<T>,
                  "elements of a HostBuffer are copied byte by byte: T must be trivially copyable");
    using value_type = T;

    HostBuffer() noexcept = default; ///< Refers to no memory.
    /// Memory for `size` elements, which are all zero. Throws ValueError if `size` is 0, and
    /// OutOfDeviceMemory.
    HostBuffer(const Device& device, std::size_t size)
        : memory_(device.driver().allocate_pinned(
              detail::gpu::checked_bytes(device.driver(), size, sizeof(T)))),
          size_(size) {}

    [[nodiscard]] std::size_t size() const noexcept { return size_; } ///< In elements.
    [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
    [[nodiscard]] T* data() const noexcept {
        return memory_ ? static_cast<T*>(memory_->data()) : nullptr;
    }
    [[nodiscard]] std::span<T> span() const noexcept { return {data(), size_}; }
    [[nodiscard]] T* begin() const noexcept { return data(); }
    [[nodiscard]] T* end() const noexcept { return data() + size_; }
    [[nodiscard]] T& operator[](std::size_t i) const noexcept { return data()[i]; }

    /// For the implementation. Throws InvalidStateError if the HostBuffer refers to no memory.
    [[nodiscard]] const std::shared_ptr<detail::gpu::HostMemory>& memory() const {
        if (!memory_) [[unlikely]] {
            throw InvalidStateError("this HostBuffer is empty: it refers to no memory");
        }
        return memory_;
    }

private:
    std::shared_ptr<detail::gpu::HostMemory> memory_;
    std::size_t size_ = 0;
};

} // namespace hocket::gpu
