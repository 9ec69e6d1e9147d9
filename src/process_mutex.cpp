#include "process_mutex.hpp"

#include <cerrno>
#include <ctime>
#include <system_error>

namespace hocket::detail {

namespace {

void require(int error, const char* call) {
    if (error != 0) {
        throw std::system_error(error, std::system_category(),
                                std::string(call) + " of a lock that processes share");
    }
}

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

ProcessMutex::Outcome ProcessMutex::lock_until(std::chrono::steady_clock::time_point deadline) {
    using namespace std::chrono;
    const auto since_boot = deadline.time_since_epoch();
    const auto whole = floor<seconds>(since_boot);
    const timespec until{static_cast<std::time_t>(whole.count()),
                         static_cast<long>(nanoseconds(since_boot - whole).count())};
    return outcome(::pthread_mutex_clocklock(&mutex_, CLOCK_MONOTONIC, &until));
}

ProcessMutex::Outcome ProcessMutex::outcome(int error) {
    switch (error) {
    case 0: return Outcome::locked;
    case EOWNERDEAD:
        // At once, so that the mutex lives on whatever becomes of this thread.
        require(::pthread_mutex_consistent(&mutex_), "pthread_mutex_consistent");
        return Outcome::owner_died;
    case EBUSY:
    case ETIMEDOUT: return Outcome::unavailable;
    case EDEADLK: return Outcome::held;
    default: require(error, "pthread_mutex_lock"); return Outcome::unavailable;
    }
}

} // namespace hocket::detail
