#pragma once

#include <mutex>

namespace hocket::detail {

/// A mutex of something that a forked child of this process goes on to use, such as a table of its
/// modules: no other thread is in the middle of it when the process forks, and it is free in the
/// child. For statics, which are there for ever; whoever holds it must not fork.
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
    ForkSafeMutex* next_ = nullptr; // of all
};

} // namespace hocket::detail
