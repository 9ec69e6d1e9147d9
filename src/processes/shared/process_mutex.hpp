#pragma once

#include <pthread.h>

#include <hocket/detail/loop/deadline.hpp>

namespace hocket::detail {

/// A mutex in memory that processes share. When the thread that holds it ends, or its process is
/// killed, the next that locks it is told: the system keeps a list of the robust mutexes that each
/// thread holds. Has no destructor: its memory simply goes away.
class ProcessMutex {
public:
    enum class Outcome {
        locked,
        owner_died,  // locked, and what it guards may be half changed
        unavailable, // held by another until the deadline
        held,        // by this very thread
    };

    /// In zeroed memory. Throws std::system_error.
    ProcessMutex();
    ProcessMutex(const ProcessMutex&) = delete;
    ProcessMutex& operator=(const ProcessMutex&) = delete;

    /// Locking throws std::system_error for what never happens to a mutex that is intact.
    [[nodiscard]] Outcome lock(const Deadline& deadline = {});
    [[nodiscard]] Outcome try_lock() { return outcome(::pthread_mutex_trylock(&mutex_)); }
    /// False when this thread does not hold it.
    bool unlock() noexcept { return ::pthread_mutex_unlock(&mutex_) == 0; }

private:
    Outcome outcome(int error);

    pthread_mutex_t mutex_;
};

/// Guards a few instructions that change what processes share. Nothing is told about an owner that
/// died: what is guarded so is right between any two of its stores.
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
