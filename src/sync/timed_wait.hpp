#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

namespace hocket::detail {

/// Like `changed.wait_until(lock, deadline, is_ready)`, but returns at once if the deadline has
/// passed. The kernel would make the thread sleep for its timer slack of 50 µs.
template <class Ready>
bool timed_wait(std::condition_variable& changed, std::unique_lock<std::mutex>& lock,
                std::chrono::steady_clock::time_point deadline, Ready is_ready) {
    if (is_ready()) {
        return true;
    }
    if (deadline <= std::chrono::steady_clock::now()) {
        return false;
    }
    return changed.wait_until(lock, deadline, is_ready);
}

} // namespace hocket::detail
