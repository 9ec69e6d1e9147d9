#include "engine/pool/frame_memory.hpp"

#include <algorithm>
#include <new>
#include <utility>

#include "engine/huge_pages.hpp"

namespace hocket::engine {

void FrameMemory::Return::operator()(char* bytes) const noexcept {
    if (to != nullptr) {
        to->give_back(Body(bytes, Return{nullptr, size}));
    } else {
        delete[] bytes;
    }
}

FrameMemory::Body FrameMemory::allocate(std::size_t size) noexcept {
    Body body(new (std::nothrow) char[size], Return{nullptr, size});
    if (body != nullptr) {
        prefer_huge_pages(body.get(), size);
    }
    return body;
}

FrameMemory::Body FrameMemory::take(std::size_t size) noexcept {
    if (size < least_kept) {
        return allocate(size);
    }
    {
        const std::scoped_lock lock(mutex_);
        const auto fitting = std::ranges::find_if(
            kept_, [&](const Body& body) { return body.get_deleter().size >= size; });
        if (fitting != kept_.end()) {
            Body body = std::move(*fitting);
            kept_.erase(fitting);
            size_of_kept_ -= body.get_deleter().size;
            body.get_deleter().to = this;
            return body;
        }
    }
    Body body = allocate(size);
    body.get_deleter().to = this;
    return body;
}

void FrameMemory::give_back(Body body) noexcept {
    const std::size_t size = body.get_deleter().size;
    if (size > most_kept) {
        return;
    }
    std::deque<Body> freed; // without the lock
    const std::scoped_lock lock(mutex_);
    while (size_of_kept_ + size > most_kept) {
        size_of_kept_ -= kept_.front().get_deleter().size;
        freed.push_back(std::move(kept_.front()));
        kept_.pop_front();
    }
    kept_.push_back(std::move(body));
    size_of_kept_ += size;
}

} // namespace hocket::engine
