#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <type_traits>

#include <hocket/detail/gpu/driver.hpp>
#include <hocket/gpu/buffer.hpp>
#include <hocket/gpu/host_buffer.hpp>

namespace hocket::gpu {

/// A kernel's argument: memory for `count` elements that the items of a group share. In OpenCL, it
/// is the argument of a parameter declared `local T*`. In CUDA it adds to the launch's dynamic
/// shared memory (`extern __shared__`), and no parameter belongs to it.
template <class T> struct Local {
    explicit Local(std::size_t elements) noexcept : count(elements) {}
    std::size_t count;
};

} // namespace hocket::gpu

namespace hocket::detail::gpu {

/// What a value of a kernel's parameter or an element of a buffer is.
enum class ElementKind : std::uint8_t { integer, floating, other };

/// A kernel's argument without its type.
struct Argument {
    enum class Way : std::uint8_t { value, buffer, local };

    Way way;
    ElementKind element;
    std::size_t size;                                      // of the value or of one element
    const void* value = nullptr;                           // the caller's
    const std::shared_ptr<DeviceMemory>* memory = nullptr; // of a buffer
    std::size_t bytes = 0;                                 // of local memory
};

template <class T> constexpr ElementKind element_kind() noexcept {
    if constexpr (std::is_integral_v<T> || std::is_enum_v<T> || std::same_as<T, std::byte>) {
        return ElementKind::integer;
    } else if constexpr (std::is_floating_point_v<T>) {
        return ElementKind::floating;
    } else {
        return ElementKind::other;
    }
}

template <class T> inline constexpr bool is_host_buffer = false;
template <class T> inline constexpr bool is_host_buffer<hocket::gpu::HostBuffer<T>> = true;

template <class T> Argument make_argument(const T& value) noexcept {
    static_assert(!std::is_pointer_v<T> && !std::is_array_v<T>,
                  "a pointer of this process means nothing to a device: pass a Buffer");
    static_assert(!is_host_buffer<T>,
                  "a kernel cannot use a HostBuffer: copy it to a Buffer, and pass that");
    static_assert(!std::same_as<T, bool>,
                  "the size of a kernel's bool is not defined: pass an int or an unsigned char");
    static_assert(std::is_trivially_copyable_v<T>,
                  "an argument of a kernel is copied byte by byte: its type must be trivially "
                  "copyable");
    return {.way = Argument::Way::value,
            .element = element_kind<T>(),
            .size = sizeof(T),
            .value = &value};
}
template <class T> Argument make_argument(const hocket::gpu::Buffer<T>& buffer) {
    return {.way = Argument::Way::buffer,
            .element = element_kind<T>(),
            .size = sizeof(T),
            .memory = &buffer.memory()};
}
template <class T> Argument make_argument(const hocket::gpu::Local<T>& local) noexcept {
    return {.way = Argument::Way::local,
            .element = element_kind<T>(),
            .size = sizeof(T),
            .bytes = local.count * sizeof(T)};
}

} // namespace hocket::detail::gpu
