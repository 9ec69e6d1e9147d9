#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace hocket::detail {

/// A forked call. Stored on the stack of the thread that forked it, which does not leave that frame
/// before the call is done.
class ForkJob {
public:
    ForkJob(const ForkJob&) = delete;
    ForkJob& operator=(const ForkJob&) = delete;

    /// Called by the thread that stole the job from another thread's deque. The job may be
    /// destroyed when it returns.
    void run_taken() noexcept;
    [[nodiscard]] bool done() const noexcept {
        return state_.load(std::memory_order_acquire) == done_state;
    }
    /// Sleeps until the job is done, for at most a millisecond.
    void sleep_briefly() noexcept;

protected:
    using Call = void (*)(ForkJob&) noexcept;
    explicit ForkJob(Call call) noexcept : call_(call) {}
    ~ForkJob() = default;

private:
    static constexpr std::uint32_t open_state = 0;
    static constexpr std::uint32_t done_state = 1;
    static constexpr std::uint32_t awaited_state = 2; // a thread sleeps in sleep_briefly()

    const Call call_;
    std::atomic<std::uint32_t> state_{open_state};
};

/// The forks of one thread that have not been taken yet. The owner pushes and pops at one end; its
/// only locked instruction is an exchange in pop. Other threads steal at the other end, oldest
/// first. This is the Chase-Lev deque with a fixed capacity.
class ForkDeque {
public:
    /// Called by the owner. Returns false if the deque is full.
    bool push(ForkJob& job) noexcept {
        const std::int64_t bottom = bottom_.load(std::memory_order_relaxed);
        if (bottom - top_.load(std::memory_order_acquire) >= capacity) [[unlikely]] {
            return false;
        }
        slot(bottom).store(&job, std::memory_order_relaxed);
        bottom_.store(bottom + 1, std::memory_order_release);
        return true;
    }
    /// Called by the owner. Returns the youngest job; nullptr if all have been stolen.
    ForkJob* pop() noexcept {
        const std::int64_t bottom = bottom_.load(std::memory_order_relaxed) - 1;
        // Sequentially consistent with the thief's loads, so that owner and thief cannot both miss
        // the other's claim to the last job.
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
    /// May be called from any thread. Returns the oldest job; nullptr if there is none or another
    /// thread was faster.
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
