#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <unordered_map>

#include <hocket/detail/gpu/event_state.hpp>

namespace hocket::detail::gpu {

/// Events for which their drivers were asked to call back. That takes one switch between threads
/// where a thread that waits in the driver takes two. But PoCL never calls back for a command that
/// failed, so a thread also asks for the state of each event every 10 ms.
class ExpectedCallbacks {
public:
    /// One for all devices. Lives until the process ends, like the drivers' threads.
    [[nodiscard]] static ExpectedCallbacks& of_process();

    /// Finishes the event when its driver calls back or, at the latest, 10 ms after it could have.
    /// Returns false if its driver does not call back. Throws std::system_error if the thread
    /// cannot be started. May be called from any thread.
    [[nodiscard]] bool watch(EventPointer event);
    /// For the drivers' callbacks: the event of this number, once; nothing if it is finished.
    [[nodiscard]] EventPointer take(std::uintptr_t number) noexcept;

private:
    ExpectedCallbacks() = default;
    void check_now_and_then() noexcept;
    void finish_forgotten(std::unique_lock<std::mutex>& lock);

    std::mutex mutex_;
    std::condition_variable has_events_;
    std::unordered_map<std::uintptr_t, EventPointer> events_; // by number
    std::uintptr_t last_number_ = 0;
    bool has_thread_ = false;
    bool thread_rests_ = false; // until it is notified
};

} // namespace hocket::detail::gpu
