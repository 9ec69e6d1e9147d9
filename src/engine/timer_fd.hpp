#pragma once

#include "engine/poller.hpp"

namespace hocket::engine {

/// Ends the loop's wait when a deadline comes that is far away, so that the waits until then need
/// no timeout: to start and stop one costs more than the rest of a short wait. Most such deadlines
/// are cancelled; the timerfd stays set all the same, and at worst wakes the loop once for nothing.
class TimerFd final : private Watcher {
public:
    explicit TimerFd(Poller& poller); ///< Throws std::system_error when there is no timerfd.
    ~TimerFd();

    /// Whether the loop will be woken at `deadline` or before: not when that is near, since then
    /// it is cheaper to give the wait a timeout.
    [[nodiscard]] bool covers(Nanoseconds deadline, Nanoseconds now) noexcept;

private:
    void on_ready(std::uint32_t events) noexcept override;

    Poller& poller_;
    int timer_fd_;
    Nanoseconds set_to_ = 0; // 0: not set
};

} // namespace hocket::engine
