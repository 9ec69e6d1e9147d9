#pragma once

#include <thread>

namespace hocket::detail {

/// A moment in which a waiting thread leaves the core's units to its sibling: 5 to 50 ns.
inline void relax_processor() noexcept {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    asm volatile("yield");
#endif
}

/// Looks for about a microsecond whether `ready()`, which only another processor can bring about;
/// says whether it was.
template <class Ready> bool spin_briefly(Ready ready) noexcept {
    static const int rounds = std::thread::hardware_concurrency() > 1 ? 40 : 1;
    for (int i = 0; i < rounds; ++i) {
        if (ready()) {
            return true;
        }
        relax_processor();
    }
    return false;
}

} // namespace hocket::detail
