#pragma once

#include <atomic>
#include <thread>

#include "engine/reactor.hpp"
#include "engine/worker_link.hpp"

namespace hocket::engine {

/// The right to take the workers' answers. One thread has it at a time: a thread that is waiting
/// for a result, or else the supervisor. A waiting thread that collects itself saves the detour
/// through the supervisor.
class AnswerCollector {
public:
    [[nodiscard]] bool try_enter() noexcept {
        if (is_busy_.exchange(true, std::memory_order_acquire)) {
            return false;
        }
        thread_.store(std::this_thread::get_id(), std::memory_order_relaxed);
        return true;
    }
    /// Waits until the current collector has left; `is_wanted` asks it to do so.
    void enter(SharedEventcount& eventcount) noexcept;
    void leave() noexcept;
    [[nodiscard]] bool is_wanted() const noexcept {
        return is_wanted_.load(std::memory_order_seq_cst);
    }
    [[nodiscard]] bool is_this_thread() const noexcept {
        return thread_.load(std::memory_order_relaxed) == std::this_thread::get_id();
    }

private:
    std::atomic<bool> is_busy_{false};
    std::atomic<bool> is_wanted_{false};
    std::atomic<std::thread::id> thread_{};
};

} // namespace hocket::engine
