#pragma once

#include <pthread.h>

#include <hocket/detail/loop/deadline.hpp>

namespace hocket::detail {

/// A mutex in memory shared by processes. If the thread that holds it ends, or its process is
/// killed, the next `lock` returns owner_died: the system keeps a list of the robust mutexes that
/// each thread holds. It has no destructor, because its memory is simply unmapped.
class ProcessMutex {
public:
    enum class Outcome {
        locked,
        owner_died,  // locked, but the data it guards may be half changed
        unavailable, // another thread held it until the deadline
        held,        // this thread holds it
    };

    /// To be constructed in zeroed memory. Throws std::system_error.
    ProcessMutex();
    ProcessMutex(const ProcessMutex&) = delete;
    ProcessMutex& operator=(const ProcessMutex&) = delete;

    /// The lock functions throw std::system_error only if the mutex is damaged.
    [[nodiscard]] Outcome lock(const Deadline& deadline = {});
    [[nodiscard]] Outcome try_lock() { return outcome(::pthread_mutex_trylock(&mutex_)); }
    /// Returns false if this thread does not hold it.
    bool unlock() noexcept { return ::pthread_mutex_unlock(&mutex_) == 0; }

private:
    Outcome outcome(int error);

    pthread_mutex_t mutex_;
};

/// Guards a few instructions that change memory shared by processes. It ignores that an earlier
/// owner died: the guarded data must be valid between any two stores.
class ProcessMutexHold {
public:
    explicit ProcessMutexHold(ProcessMutex& mutex) : mutex_(mutex) {
        static_cast<void>(mutex.lock());
    }
    ~ProcessMutexHold() { mutex_.unlock(); }
    ProcessMutexHold(const ProcessMutexHold&) = delete;
    ProcessMutexHold& operator=(const ProcessMutexHold&) = delete;

private:
    ProcessMutex& mutex_;
};

} // namespace hocket::detail
