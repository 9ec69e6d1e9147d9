#pragma once

#include <cstddef>

#include <hocket/detail/loop/frame_alloc.hpp>

namespace hocket::detail {

/// For std::allocate_shared: objects that come and go with each operation use the memory of
/// coroutine frames again, on whichever thread they are freed.
template <class T> struct FrameAllocator {
    using value_type = T;

    FrameAllocator() = default;
    template <class U>
    FrameAllocator(const FrameAllocator<U>&) noexcept {} // NOLINT(google-explicit-constructor)

    [[nodiscard]] T* allocate(std::size_t count) {
        static_assert(alignof(T) <= 16);
        return static_cast<T*>(allocate_frame(count * sizeof(T)));
    }
    void deallocate(T* memory, std::size_t count) noexcept {
        free_frame(memory, count * sizeof(T));
    }

    bool operator==(const FrameAllocator&) const = default;
};

} // namespace hocket::detail
