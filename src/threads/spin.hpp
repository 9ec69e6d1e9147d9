#pragma once

#include <atomic>
#include <thread>

#include "engine/cpu_relax.hpp"

namespace hocket::detail {

/// How often to check. With one processor, nothing can change while this thread spins.
inline int spin_rounds() noexcept {
    // Not a static initialised on first use: if the process forked during that, the child would
    // wait for a thread that it does not have.
    static constinit std::atomic<int> known{0};
    int rounds = known.load(std::memory_order_relaxed);
    if (rounds == 0) {
        rounds = std::thread::hardware_concurrency() > 1 ? 40 : 1;
        known.store(rounds, std::memory_order_relaxed);
    }
    return rounds;
}

/// Checks `ready()` for about a microsecond and returns whether it became true. Only another
/// processor can make it true meanwhile.
template <class Ready> bool spin_briefly(Ready ready) noexcept {
    const int rounds = spin_rounds();
    for (int i = 0; i < rounds; ++i) {
        if (ready()) {
            return true;
        }
        engine::cpu_relax();
    }
    return false;
}

} // namespace hocket::detail
