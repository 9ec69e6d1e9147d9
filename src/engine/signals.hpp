#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include <csignal>

namespace hocket::engine {

class Inbox;

/// The signals that one loop has taken over. The signal handler itself only marks the signal and
/// wakes the loop; `pending` returns the marks on the loop's thread. A signal belongs to one loop
/// at a time.
class Signals {
public:
    static constexpr int count = 65; // 1 … 64 on Linux

    explicit Signals(Inbox& inbox) noexcept : inbox_(inbox) {}
    ~Signals();
    Signals(const Signals&) = delete;
    Signals& operator=(const Signals&) = delete;

    /// Takes over `signal`. Returns false and sets errno if the kernel does not allow it (EINVAL:
    /// SIGKILL, SIGSTOP, no such signal) or another loop has it (EBUSY).
    [[nodiscard]] bool take(int signal) noexcept;
    /// Restores the disposition that `signal` had before. Returns false if this loop did not have
    /// it.
    bool give_back(int signal) noexcept;
    [[nodiscard]] bool has(int signal) const noexcept;
    /// Called in a forked child, which has none of its parent's loops: releases all signals.
    static void forget_all() noexcept;
    /// Like forget_all, but also restores the dispositions that the signals had before.
    static void give_back_in_child() noexcept;

    /// The signals that arrived since the last call, as a bit set: bit N-1 for signal N.
    [[nodiscard]] std::uint64_t pending() noexcept {
        return arrived_.load(std::memory_order_relaxed) == 0
                   ? 0
                   : arrived_.exchange(0, std::memory_order_acquire);
    }

private:
    static void handle(int signal);

    Inbox& inbox_;
    std::atomic<std::uint64_t> arrived_{0};
    std::array<struct sigaction, count> before_{};
};

} // namespace hocket::engine
