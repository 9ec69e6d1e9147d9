#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace hocket::detail {

template <std::size_t Size> struct WordOfSize {};
template <> struct WordOfSize<1> {
    using type = std::uint8_t;
};
template <> struct WordOfSize<2> {
    using type = std::uint16_t;
};
template <> struct WordOfSize<4> {
    using type = std::uint32_t;
};
template <> struct WordOfSize<8> {
    using type = std::uint64_t;
};

/// The type used for atomic access instead of a T, since a struct may not be aligned enough.
template <class T> struct AtomicWord {};
template <class T> requires std::is_arithmetic_v<T> || std::is_enum_v<T> struct AtomicWord<T> {
    using type = T;
};
template <class T> requires std::is_class_v<T> && std::is_trivially_copyable_v<T>
struct AtomicWord<T> : WordOfSize<sizeof(T)> {};

template <class T> consteval bool is_lock_free() {
    if constexpr (requires { typename AtomicWord<T>::type; }) {
        return std::atomic_ref<typename AtomicWord<T>::type>::is_always_lock_free;
    } else {
        return false;
    }
}

template <class T>
concept is_number = std::is_arithmetic_v<T> && !std::is_same_v<T, bool>;

} // namespace hocket::detail
