#pragma once

#include <cstdint>

#if defined(__x86_64__)
#include <x86intrin.h>
#endif

namespace hocket::engine {

/// Whether the processor has a time stamp counter that runs at the same rate in all states of the
/// processor. Otherwise, ticks are nanoseconds of CLOCK_MONOTONIC.
extern const bool ticks_are_counted_by_the_processor;

/// Nanoseconds of CLOCK_MONOTONIC, as ticks.
[[nodiscard]] std::uint64_t ticks_of_the_clock() noexcept;

/// The time in ticks. Reading the processor's counter takes half as long as reading a clock. The
/// length of a tick is not known here: see StatusHeader.
[[nodiscard]] inline std::uint64_t ticks() noexcept {
#if defined(__x86_64__)
    if (ticks_are_counted_by_the_processor) [[likely]] {
        return __rdtsc();
    }
    return ticks_of_the_clock();
#elif defined(__aarch64__)
    std::uint64_t count = 0;
    asm volatile("mrs %0, cntvct_el0" : "=r"(count));
    return count;
#else
    return ticks_of_the_clock();
#endif
}

} // namespace hocket::engine
