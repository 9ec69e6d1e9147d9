#pragma once

#include "engine/poller.hpp"

namespace hocket::engine {

/// Ends the loop's wait at a distant deadline, so that the waits until then need no timeout:
/// starting and stopping a timeout costs more than the rest of a short wait. Most such deadlines
/// are cancelled; the timerfd stays set nevertheless and at worst wakes the loop once needlessly.
class TimerFd final : private Watcher {
public:
    explicit TimerFd(Poller& poller); ///< Throws std::system_error if no timerfd can be created.
    ~TimerFd();

    /// Whether the loop will be woken at `deadline` or before. False if the deadline is near,
    /// because a timeout for the wait is cheaper then.
    [[nodiscard]] bool covers(Nanoseconds deadline, Nanoseconds now) noexcept;

private:
    void on_ready(std::uint32_t events) noexcept override;

    Poller& poller_;
    int timer_fd_;
    Nanoseconds set_to_ = 0; // 0: not set
};

} // namespace hocket::engine
