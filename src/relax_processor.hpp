#pragma once

namespace hocket::detail {

/// Some tens of nanoseconds in which a waiting thread leaves the core's units to its sibling.
inline void relax_processor() noexcept {
    for (int i = 0; i < 16; ++i) {
#if defined(__x86_64__) || defined(__i386__)
        __builtin_ia32_pause();
#elif defined(__aarch64__)
        asm volatile("yield");
#endif
    }
}

} // namespace hocket::detail
