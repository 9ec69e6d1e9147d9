#pragma once

#include <cstddef>
#include <cstdint>

#include <hocket/engine/sanitizers.hpp>

/// Where coroutine frames and tasks come from when the thread's free list has none: one name under
/// which profilers find all coroutine memory. Throws std::bad_alloc.
extern "C" void* hocket_frame_alloc(std::size_t size);
/// Gives back what hocket_frame_alloc returned.
extern "C" void hocket_frame_free(void* frame) noexcept;

namespace hocket::detail {

struct FreeFrame {
    FreeFrame* next;
    std::size_t depth; // frames in the list from here on
};

// Size classes of 16 N + 8 bytes: with malloc's 8 bytes in front, not a byte is lost to rounding.
inline constexpr std::size_t frame_class_size = 16;
inline constexpr std::size_t frame_classes = 64; // frames up to 1 KiB
inline constexpr std::size_t frames_kept =
    4096; // per class and thread; the rest goes back to malloc

struct FrameCache {
    FreeFrame* free[frame_classes];
};
inline thread_local constinit FrameCache frame_cache{};

constexpr std::size_t frame_class(std::size_t size) noexcept {
    return (size + frame_class_size - 9) / frame_class_size;
}

/// Memory for a coroutine frame or a task, 16-byte aligned. Any thread; may be freed on another.
/// From no free list where sanitizers are: it would hide a use after free.
inline void* allocate_frame(std::size_t size) {
    const std::size_t cls = frame_class(size);
    if (!sanitized && cls < frame_classes) [[likely]] {
        if (FreeFrame* frame = frame_cache.free[cls]) [[likely]] {
            frame_cache.free[cls] = frame->next;
            return frame;
        }
    }
    // The class's size also without a free list: code built without sanitizers may free it.
    return hocket_frame_alloc(cls * frame_class_size + 8);
}

inline void free_frame(void* memory, std::size_t size) noexcept {
    const std::size_t cls = frame_class(size);
    if (!sanitized && cls < frame_classes) [[likely]] {
        FreeFrame* head = frame_cache.free[cls];
        const std::size_t depth = head == nullptr ? 1 : head->depth + 1;
        if (depth <= frames_kept) [[likely]] {
            auto* frame = static_cast<FreeFrame*>(memory);
            frame->next = head;
            frame->depth = depth;
            frame_cache.free[cls] = frame;
            return;
        }
    }
    hocket_frame_free(memory);
}

} // namespace hocket::detail
