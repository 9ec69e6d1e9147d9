#pragma once

#include <mutex>

namespace hocket::detail {

/// A mutex for data that a forked child continues to use, such as a table of modules: no other
/// thread holds it when the process forks, and it is free in the child. Only for static objects
/// that are never destroyed. A thread that holds it must not fork.
class ForkSafeMutex {
public:
    ForkSafeMutex();
    ForkSafeMutex(const ForkSafeMutex&) = delete;
    ForkSafeMutex& operator=(const ForkSafeMutex&) = delete;

    void lock() { mutex_.lock(); }
    bool try_lock() { return mutex_.try_lock(); }
    void unlock() { mutex_.unlock(); }

private:
    friend class AllForkSafeMutexes;

    std::mutex mutex_;
    ForkSafeMutex* next_ = nullptr; // in the list of all
};

} // namespace hocket::detail
