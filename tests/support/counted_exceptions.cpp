// Part of every program that is built with ThreadSanitizer. libstdc++ counts the references to an
// exception, and is not built with it. So ThreadSanitizer reports a race, though there is none,
// where one thread has read an exception and another one then releases the last reference. These
// two functions take the place of libstdc++'s, also in its own calls, and count visibly.

#include <atomic>
#include <exception>

#include <dlfcn.h>

namespace {

template <class Function> Function* next_of_this_name(const char* name) {
    return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

} // namespace

void std::__exception_ptr::exception_ptr::_M_release() noexcept {
    // The Itanium ABI's header of an exception stands before it, and the count at its beginning.
    constexpr std::ptrdiff_t header = 128;
    const std::atomic_ref<int> count(
        *reinterpret_cast<int*>(static_cast<char*>(_M_exception_object) - header));
    if (count.fetch_sub(1, std::memory_order_acq_rel) != 1) {
        _M_exception_object = nullptr;
        return;
    }
    count.store(1, std::memory_order_relaxed);
    next_of_this_name<void(exception_ptr*)>("_ZNSt15__exception_ptr13exception_ptr10_M_releaseEv")(
        this);
}

extern "C" void __cxa_end_catch() {
    // Another reference to the exception, so that the last one is released above.
    const std::exception_ptr caught = std::current_exception();
    next_of_this_name<void()>("__cxa_end_catch")();
}
