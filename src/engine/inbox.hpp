#pragma once

#include <atomic>

#include <hocket/engine/ready_queue.hpp>

#include "engine/poller.hpp"

namespace hocket::engine {

/// The door into a loop from other threads and from signal handlers: a lock-free queue, and an
/// eventfd that ends the loop's wait. The eventfd is written only when the loop is (about to be)
/// asleep, and once for any number of posts.
class Inbox final : private Watcher {
public:
    explicit Inbox(Poller& poller); ///< Throws std::system_error when there is no eventfd.
    ~Inbox();

    /// Queues `item` and wakes the loop. Any thread. `item` must live until it has run.
    void post(Runnable& item) noexcept;

    /// Ends the loop's wait. Any thread, also from a signal handler.
    void wake() noexcept;

    /// Loop's thread: moves what was posted, in order, to `ready`.
    void drain(ReadyQueue& ready) noexcept;

    /// Loop's thread: true when something was posted.
    [[nodiscard]] bool has_posts() const noexcept {
        return posted_.load(std::memory_order_relaxed) != nullptr;
    }

    /// Loop's thread, before it blocks. False: something came in, do not block.
    [[nodiscard]] bool prepare_to_sleep() noexcept;
    void woke_up() noexcept { asleep_.store(false, std::memory_order_relaxed); }

private:
    void on_ready(std::uint32_t events) noexcept override;
    void forget_wake() noexcept;

    Poller& poller_;
    int event_fd_;
    std::atomic<Runnable*> posted_{nullptr}; // newest first
    std::atomic<bool> asleep_{false};
    std::atomic<bool> woken_{false}; // wake() without a post, before the loop slept
};

} // namespace hocket::engine
