#pragma once

#include <atomic>

#include <hocket/engine/file_descriptor.hpp>
#include <hocket/engine/ready_queue.hpp>

#include "engine/poller.hpp"

namespace hocket::engine {

/// The way for other threads and signal handlers to reach a loop: a lock-free queue and an eventfd
/// that ends the loop's wait. The eventfd is written only if the loop sleeps or is about to, and
/// only once for any number of posts.
class Inbox final : private Watcher {
public:
    explicit Inbox(Poller& poller); ///< Throws std::system_error if no eventfd can be created.
    ~Inbox();

    /// Queues `item` and wakes the loop. May be called from any thread. `item` must live until it
    /// has run.
    void post(Runnable& item) noexcept;
    /// The same for a thread that has other descriptors than the process: `copy` returns a copy for
    /// it. If that is not open, the item runs when the loop wakes up for another reason.
    using CopyDescriptor = FileDescriptor (*)(int fileno) noexcept;
    void post(Runnable& item, CopyDescriptor copy) noexcept;

    /// Ends the loop's wait. May be called from any thread and from a signal handler.
    void wake() noexcept;

    /// Called on the loop's thread: moves the posted items, in order, to `ready`.
    void drain(ReadyQueue& ready) noexcept;

    /// Called on the loop's thread: whether something was posted.
    [[nodiscard]] bool has_posts() const noexcept {
        return posted_.load(std::memory_order_relaxed) != nullptr;
    }

    /// Called on the loop's thread before it blocks. If it returns false, something was posted and
    /// the loop must not block.
    [[nodiscard]] bool prepare_to_sleep() noexcept;
    void woke_up() noexcept { asleep_.store(false, std::memory_order_relaxed); }

private:
    void on_ready(std::uint32_t events) noexcept override;
    /// Returns whether the loop sleeps, or is about to.
    [[nodiscard]] bool push(Runnable& item) noexcept;
    void wake_through(int fileno) noexcept;
    void forget_wake() noexcept;

    Poller& poller_;
    int event_fd_;
    std::atomic<Runnable*> posted_{nullptr}; // newest first
    std::atomic<bool> asleep_{false};
    std::atomic<bool> woken_{false}; // wake() without a post, before the loop slept
};

} // namespace hocket::engine
