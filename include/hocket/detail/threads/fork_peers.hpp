#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

#include <hocket/detail/threads/fork_deque.hpp>

namespace hocket::detail {

class ForkPeers;

/// A thread's slot among those that share forks.
struct ForkSlot {
    ForkDeque deque;
    ForkPeers* peers = nullptr;

    /// Offers `job` to the others. False when there is no room for it.
    bool offer(ForkJob& job) noexcept;
    /// Runs what others have forked until `job`, which one of them has taken, is done.
    void help_until_done(ForkJob& job) noexcept;
};

/// This thread's slot; nullptr where forks cannot be shared.
inline thread_local constinit ForkSlot* fork_slot = nullptr;

/// The threads that take each other's forks: a pool's workers and a few guests. Any thread.
class ForkPeers {
public:
    ForkPeers(const ForkPeers&) = delete;
    ForkPeers& operator=(const ForkPeers&) = delete;

    /// A slot for a thread that is no worker; nullptr when all are taken.
    ForkSlot* enter() noexcept;
    void leave(ForkSlot& slot) noexcept;

    /// Has a thread that is available look for forks, unless somebody looks already.
    void call() noexcept {
        if (available_.load(std::memory_order_relaxed) > 0 &&
            searching_.load(std::memory_order_relaxed) == 0) [[unlikely]] {
            wake_one();
        }
    }
    /// Takes a fork from anybody but `thief`; nullptr when none is found.
    ForkJob* steal(const ForkSlot& thief) noexcept;

protected:
    explicit ForkPeers(std::size_t workers);
    ~ForkPeers() = default;

    virtual void wake_one() noexcept = 0;
    [[nodiscard]] ForkSlot& slot_of(std::size_t worker) noexcept { return slots_[worker]; }
    [[nodiscard]] bool has_forks() const noexcept;
    /// Differs when a guest has come since.
    [[nodiscard]] std::uint64_t guest_count() const noexcept {
        return seats_.load(std::memory_order_relaxed) / one_guest;
    }

    alignas(64) std::atomic<std::size_t> searching_{0}; // workers that look for something to do
    std::atomic<std::size_t> available_{0};             // that sleep, or could be started
    std::atomic<std::size_t> started_{0};               // workers, the first ones

private:
    static constexpr std::size_t guests = 16;
    static constexpr std::uint64_t one_guest = std::uint64_t{1} << guests;

    [[nodiscard]] static bool any(std::uint64_t seats) noexcept { return seats % one_guest != 0; }

    const std::size_t workers_;
    const std::unique_ptr<ForkSlot[]> slots_; // the workers' and then the guests'
    // One bit for each guest's slot that is taken; above, how many guests there have been.
    alignas(64) std::atomic<std::uint64_t> seats_{0};
};

inline bool ForkSlot::offer(ForkJob& job) noexcept {
    if (!deque.push(job)) [[unlikely]] {
        return false;
    }
    peers->call();
    return true;
}

/// While it lives, this thread shares its forks with `peers`, unless it does so already.
class ForkGuest {
public:
    explicit ForkGuest(ForkPeers& peers) noexcept : before_(fork_slot) {
        if (before_ == nullptr || before_->peers != &peers) {
            mine_ = peers.enter();
            fork_slot = mine_;
        }
    }
    ForkGuest(const ForkGuest&) = delete;
    ForkGuest& operator=(const ForkGuest&) = delete;
    ~ForkGuest() {
        fork_slot = before_;
        if (mine_ != nullptr) {
            mine_->peers->leave(*mine_);
        }
    }

private:
    ForkSlot* const before_;
    ForkSlot* mine_ = nullptr;
};

} // namespace hocket::detail
