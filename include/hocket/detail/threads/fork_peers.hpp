#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

#include <hocket/detail/threads/fork_deque.hpp>

namespace hocket::detail {

class ForkPeers;

/// The slot of one thread of a ForkPeers.
struct ForkSlot {
    ForkDeque deque;
    ForkPeers* peers = nullptr;

    /// Offers `job` to the other threads. Returns false if there is no room for it.
    bool offer(ForkJob& job) noexcept;
    /// Runs other threads' forks until `job`, which another thread has taken, is done.
    void help_until_done(ForkJob& job) noexcept;
};

/// This thread's slot; nullptr if it does not share forks.
inline thread_local constinit ForkSlot* fork_slot = nullptr;

/// The threads that take each other's forks: a pool's workers and a few guests. May be used from
/// any thread.
class ForkPeers {
public:
    ForkPeers(const ForkPeers&) = delete;
    ForkPeers& operator=(const ForkPeers&) = delete;

    /// A slot for a thread that is not a worker; nullptr if all are taken.
    ForkSlot* enter() noexcept;
    void leave(ForkSlot& slot) noexcept;

    /// Wakes an available worker to look for forks, unless one is already looking.
    void call() noexcept {
        if (available_.load(std::memory_order_relaxed) > 0 &&
            searching_.load(std::memory_order_relaxed) == 0) [[unlikely]] {
            wake_one();
        }
    }
    /// Takes a fork from a thread other than `thief`; nullptr if none is found.
    ForkJob* steal(const ForkSlot& thief) noexcept;

protected:
    explicit ForkPeers(std::size_t workers);
    ~ForkPeers() = default;

    virtual void wake_one() noexcept = 0;
    [[nodiscard]] ForkSlot& slot_of(std::size_t worker) noexcept { return slots_[worker]; }
    [[nodiscard]] bool has_forks() const noexcept;
    /// The number of guests so far. It changes when a guest enters.
    [[nodiscard]] std::uint64_t guest_count() const noexcept {
        return guest_slots_.load(std::memory_order_relaxed) / one_guest;
    }

    alignas(64) std::atomic<std::size_t> searching_{0}; // workers looking for work
    std::atomic<std::size_t> available_{0};             // workers that sleep or can be started
    std::atomic<std::size_t> started_{0}; // workers started; they have the first slots

private:
    static constexpr std::size_t guests = 16;
    static constexpr std::uint64_t one_guest = std::uint64_t{1} << guests;

    [[nodiscard]] static bool any(std::uint64_t taken) noexcept { return taken % one_guest != 0; }

    const std::size_t workers_;
    const std::unique_ptr<ForkSlot[]> slots_; // the workers' slots, then the guests'
    // The low bits mark the guest slots that are taken; the bits above count the guests so far.
    alignas(64) std::atomic<std::uint64_t> guest_slots_{0};
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
