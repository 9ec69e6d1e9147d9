#pragma once

#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>
#include <unordered_map>

#include <hocket/detail/threads/call.hpp>

namespace hocket::detail {

/// Fails the futures of work that does not start in time. Its thread is started with the first work
/// that has a timeout. May be used from any thread.
class StartDeadlines {
public:
    StartDeadlines() = default;
    StartDeadlines(const StartDeadlines&) = delete;
    StartDeadlines& operator=(const StartDeadlines&) = delete;
    ~StartDeadlines();

    /// Watches `work` until remove(), which must be called before the work is destroyed.
    void add(Work& work, std::chrono::nanoseconds timeout);
    void remove(Work& work) noexcept;

private:
    using Time = std::chrono::steady_clock::time_point;
    using Order = std::multimap<Time, Work*>;

    void watch();
    void expire_due(std::unique_lock<std::mutex>& lock);

    std::mutex mutex_;
    std::condition_variable changed_;
    Order order_;
    std::unordered_map<Work*, Order::iterator> entries_;
    std::thread thread_;
    bool ended_ = false;
};

} // namespace hocket::detail
