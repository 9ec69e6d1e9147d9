#include "processes/calls/thrown_stack.hpp"

#ifdef NDEBUG

namespace hocket::detail {

void remember_thrown_stacks() noexcept {}
std::string thrown_stack() { return {}; }

} // namespace hocket::detail

#else

// Every `throw` calls __cxa_throw, which this file defines. The program and its libraries find this
// definition before the C++ library's, whether hocket is a static or a shared library. It records
// the stack and calls the next definition, which may be a sanitizer's. A rethrow does not call it,
// so the first stack is kept.

#include <array>
#include <atomic>
#include <cstddef>
#include <cstring>
#include <exception>
#include <mutex>

#include <dlfcn.h>
#include <execinfo.h>

#include "engine/describe_frame.hpp"

namespace hocket::detail {

namespace {

struct ThrownStack {
    const void* exception = nullptr;
    std::array<void*, 48> frames{};
    std::size_t depth = 0;
};

/// There are several, because cleaning up may throw and catch other exceptions meanwhile, and other
/// threads throw, too.
class ThrownStacks {
public:
    void add(const void* exception) noexcept {
        const std::scoped_lock lock(mutex_);
        ThrownStack& stack = stacks_[next_];
        next_ = (next_ + 1) % stacks_.size();
        stack.exception = exception;
        const int depth = ::backtrace(stack.frames.data(), static_cast<int>(stack.frames.size()));
        stack.depth = static_cast<std::size_t>(depth);
    }
    ThrownStack find(const void* exception) noexcept {
        const std::scoped_lock lock(mutex_);
        // Search the newest first, because the memory of exceptions is reused.
        for (std::size_t back = 1; back <= stacks_.size(); ++back) {
            const ThrownStack& stack = stacks_[(next_ + stacks_.size() - back) % stacks_.size()];
            if (stack.exception == exception) {
                return stack;
            }
        }
        return {};
    }

private:
    std::mutex mutex_;
    std::array<ThrownStack, 16> stacks_;
    std::size_t next_ = 0;
};

std::atomic<bool> remembers{false};

ThrownStacks& thrown_stacks() noexcept {
    static constinit ThrownStacks instance;
    return instance;
}

/// The object that was thrown: an exception_ptr is a pointer to it in every libstdc++.
const void* current_exception_object() noexcept {
    const std::exception_ptr current = std::current_exception();
    static_assert(sizeof current == sizeof(void*));
    const void* object = nullptr;
    std::memcpy(&object, &current, sizeof object);
    return object;
}

} // namespace

void remember_thrown_stacks() noexcept { remembers.store(true, std::memory_order_release); }

std::string thrown_stack() {
    ThrownStack stack = thrown_stacks().find(current_exception_object());
    std::string text;
    constexpr std::size_t own_frames = 2; // add and __cxa_throw
    for (std::size_t i = own_frames; i < stack.depth; ++i) {
        text += engine::describe_frame(stack.frames[i]) + '\n';
    }
    return text;
}

namespace {

// g++ declares __cxa_throw itself, with a plain pointer to the type.
using Throw = void (*)(void*, void*, void (*)(void*));

Throw next_throw() noexcept {
    // Use memcpy, because ISO C++ has no cast from an object pointer to a function pointer.
    void* const symbol = ::dlsym(RTLD_NEXT, "__cxa_throw");
    Throw next = nullptr;
    std::memcpy(&next, &symbol, sizeof next);
    return next;
}

} // namespace

} // namespace hocket::detail

extern "C" [[noreturn, gnu::noinline, gnu::visibility("default")]] void
__cxa_throw(void* exception, void* type, void (*destructor)(void*)) {
    using namespace hocket::detail;
    if (remembers.load(std::memory_order_acquire)) {
        thrown_stacks().add(exception);
    }
    static constinit std::atomic<Throw> found{nullptr};
    Throw next = found.load(std::memory_order_relaxed);
    if (next == nullptr) {
        found.store(next = next_throw(), std::memory_order_relaxed);
    }
    next(exception, type, destructor);
    __builtin_unreachable();
}

#endif
