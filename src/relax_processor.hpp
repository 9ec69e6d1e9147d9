#pragma once

namespace hocket::detail {

/// A moment in which a waiting thread leaves the core's units to its sibling: 5 to 50 ns.
inline void relax_processor() noexcept {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    asm volatile("yield");
#endif
}

} // namespace hocket::detail
