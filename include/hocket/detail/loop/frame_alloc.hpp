#pragma once

#include <cstddef>
#include <cstdint>

#include <hocket/engine/sanitizers.hpp>

/// Allocates a coroutine frame or a task if the thread's free list is empty. Profilers attribute
/// all coroutine memory to this one function. Throws std::bad_alloc.
extern "C" void* hocket_frame_alloc(std::size_t size);
/// Frees memory allocated by hocket_frame_alloc.
extern "C" void hocket_frame_free(void* frame) noexcept;

namespace hocket::detail {

struct FreeFrame {
    FreeFrame* next;
    std::size_t depth; // number of frames in the list from this one on
};

// Size classes of 16 N + 8 bytes: malloc adds a header of 8 bytes, so rounding wastes nothing.
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

/// Memory for a coroutine frame or a task, aligned to 16 bytes. May be called from any thread and
/// freed on another. Under sanitizers the free lists are not used, because they would hide a use
/// after free.
inline void* allocate_frame(std::size_t size) {
    const std::size_t cls = frame_class(size);
    if (!sanitized && cls < frame_classes) [[likely]] {
        if (FreeFrame* frame = frame_cache.free[cls]) [[likely]] {
            frame_cache.free[cls] = frame->next;
            return frame;
        }
    }
    // Rounded up to the class even without a free list: code built without sanitizers may free it.
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
