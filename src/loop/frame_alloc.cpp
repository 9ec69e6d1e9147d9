#include <hocket/detail/loop/frame_alloc.hpp>

#include <cstdlib>
#include <new>

namespace hocket::detail {
namespace {

// Empties the thread's free lists when the thread ends. Separate from the lists, so that accessing
// those does not check whether a destructor is registered.
struct CacheCleaner {
    bool armed = false;
    ~CacheCleaner() {
        for (FreeFrame*& head : frame_cache.free) {
            while (head != nullptr) {
                FreeFrame* next = head->next;
                hocket_frame_free(head);
                head = next;
            }
        }
    }
};
thread_local CacheCleaner cache_cleaner;

} // namespace
} // namespace hocket::detail

extern "C" void* hocket_frame_alloc(std::size_t size) {
    hocket::detail::cache_cleaner.armed = true;
    void* frame = std::malloc(size);
    if (frame == nullptr) {
        throw std::bad_alloc();
    }
    return frame;
}

extern "C" void hocket_frame_free(void* frame) noexcept { std::free(frame); }
