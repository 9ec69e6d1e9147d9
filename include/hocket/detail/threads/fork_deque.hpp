#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace hocket::detail {

/// A forked call: lives on the stack of the thread that forked it, which does not leave that frame
/// before it is done.
class ForkJob {
public:
    ForkJob(const ForkJob&) = delete;
    ForkJob& operator=(const ForkJob&) = delete;

    /// For the thread that took it from another one's deque. The job may be gone afterwards.
    void run_taken() noexcept;
    [[nodiscard]] bool done() const noexcept {
        return state_.load(std::memory_order_acquire) == done_state;
    }
    /// Sleeps until it is done, for a millisecond at most.
    void doze() noexcept;

protected:
    using Call = void (*)(ForkJob&) noexcept;
    explicit ForkJob(Call call) noexcept : call_(call) {}
    ~ForkJob() = default;

private:
    static constexpr std::uint32_t open_state = 0;
    static constexpr std::uint32_t done_state = 1;
    static constexpr std::uint32_t awaited_state = 2; // somebody sleeps

    const Call call_;
    std::atomic<std::uint32_t> state_{open_state};
};

/// The forks of one thread that nobody has taken yet. Its owner pushes and pops at one end, without
/// a locked instruction but one exchange in pop; others steal at the other end, the oldest first.
/// This is the deque of Chase and Lev, with a fixed capacity.
class ForkDeque {
public:
    /// Owner. False when it is full.
    bool push(ForkJob& job) noexcept {
        const std::int64_t bottom = bottom_.load(std::memory_order_relaxed);
        if (bottom - top_.load(std::memory_order_acquire) >= capacity) [[unlikely]] {
            return false;
        }
        slot(bottom).store(&job, std::memory_order_relaxed);
        bottom_.store(bottom + 1, std::memory_order_release);
        return true;
    }
    /// Owner: the youngest one; nullptr when all have been stolen.
    ForkJob* pop() noexcept {
        const std::int64_t bottom = bottom_.load(std::memory_order_relaxed) - 1;
        // In one order with the thief's loads: of the last job one of the two learns.
        bottom_.store(bottom, std::memory_order_seq_cst);
        std::int64_t top = top_.load(std::memory_order_seq_cst);
        if (top < bottom) [[likely]] {
            return slot(bottom).load(std::memory_order_relaxed);
        }
        ForkJob* job = nullptr;
        if (top == bottom &&
            top_.compare_exchange_strong(top, top + 1, std::memory_order_seq_cst)) {
            job = slot(bottom).load(std::memory_order_relaxed);
        }
        bottom_.store(bottom + 1, std::memory_order_release);
        return job;
    }
    /// Any thread: the oldest one; nullptr when there is none, or somebody else was faster.
    ForkJob* steal() noexcept {
        std::int64_t top = top_.load(std::memory_order_seq_cst);
        if (top >= bottom_.load(std::memory_order_seq_cst)) {
            return nullptr;
        }
        ForkJob* job = slot(top).load(std::memory_order_relaxed);
        return top_.compare_exchange_strong(top, top + 1, std::memory_order_seq_cst) ? job
                                                                                     : nullptr;
    }
    [[nodiscard]] bool empty() const noexcept {
        return top_.load(std::memory_order_relaxed) >= bottom_.load(std::memory_order_relaxed);
    }

private:
    static constexpr std::int64_t capacity = 128;

    std::atomic<ForkJob*>& slot(std::int64_t position) noexcept {
        return slots_[static_cast<std::size_t>(position % capacity)];
    }

    alignas(64) std::atomic<std::int64_t> top_{0};
    alignas(64) std::atomic<std::int64_t> bottom_{0};
    std::array<std::atomic<ForkJob*>, static_cast<std::size_t>(capacity)> slots_{};
};

} // namespace hocket::detail
