#include "processes/shared/process_mutex.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <ctime>
#include <string>
#include <system_error>

#include <hocket/engine/sanitizers.hpp>

#if HOCKET_THREAD_SANITIZER
#include <sanitizer/tsan_interface.h>
#endif

namespace hocket::detail {

namespace {

void require(int error, const char* call) {
    if (error != 0) {
        throw std::system_error(error, std::system_category(),
                                std::string(call) + " of a lock shared by processes");
    }
}

#if HOCKET_THREAD_SANITIZER
// ThreadSanitizer does not know pthread_mutex_clocklock, and would report the unlock as an error.
int lock_by_clock(pthread_mutex_t& mutex, const timespec& until) noexcept {
    __tsan_mutex_pre_lock(&mutex, __tsan_mutex_try_lock);
    const int error = ::pthread_mutex_clocklock(&mutex, CLOCK_MONOTONIC, &until);
    const bool locked = error == 0 || error == EOWNERDEAD;
    __tsan_mutex_post_lock(&mutex,
                           __tsan_mutex_try_lock | (locked ? 0 : __tsan_mutex_try_lock_failed), 0);
    return error;
}
#else
int lock_by_clock(pthread_mutex_t& mutex, const timespec& until) noexcept {
    return ::pthread_mutex_clocklock(&mutex, CLOCK_MONOTONIC, &until);
}
#endif

} // namespace

ProcessMutex::ProcessMutex() : mutex_() {
    pthread_mutexattr_t attributes;
    require(::pthread_mutexattr_init(&attributes), "pthread_mutexattr_init");
    ::pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    ::pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
    ::pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_ERRORCHECK);
    const int error = ::pthread_mutex_init(&mutex_, &attributes);
    ::pthread_mutexattr_destroy(&attributes);
    require(error, "pthread_mutex_init");
}

// If a waiting thread is woken and then killed before it gets the mutex, the wake-up is lost if a
// third thread has taken the mutex in between: the system wakes the next thread only if it finds
// the mutex free. Waiting threads therefore try again from time to time.
ProcessMutex::Outcome ProcessMutex::lock(const Deadline& deadline) {
    using namespace std::chrono;
    constexpr milliseconds check_again(50);
    for (Outcome result = try_lock();;) {
        if (result != Outcome::unavailable) {
            return result;
        }
        const auto now = steady_clock::now();
        if (deadline && *deadline <= now) {
            return result;
        }
        const auto until = deadline ? std::min(*deadline, now + check_again) : now + check_again;
        const auto since_boot = until.time_since_epoch();
        const auto whole = floor<seconds>(since_boot);
        result = outcome(
            lock_by_clock(mutex_, {static_cast<std::time_t>(whole.count()),
                                   static_cast<long>(nanoseconds(since_boot - whole).count())}));
    }
}

ProcessMutex::Outcome ProcessMutex::outcome(int error) {
    switch (error) {
    case 0: return Outcome::locked;
    case EOWNERDEAD:
        // Do this at once, so that the mutex stays usable whatever happens to this thread.
        require(::pthread_mutex_consistent(&mutex_), "pthread_mutex_consistent");
        return Outcome::owner_died;
    case EBUSY:
    case ETIMEDOUT: return Outcome::unavailable;
    case EDEADLK: return Outcome::held;
    default: require(error, "pthread_mutex_lock"); return Outcome::unavailable;
    }
}

} // namespace hocket::detail
