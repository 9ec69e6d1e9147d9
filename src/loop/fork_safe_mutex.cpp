#include "loop/fork_safe_mutex.hpp"

#include <atomic>

#include <pthread.h>

namespace hocket::detail {

/// The fork handlers. POSIX passes them no argument, so there is one list of all mutexes.
class AllForkSafeMutexes {
public:
    static void add(ForkSafeMutex& mutex) noexcept {
        static const int registered = ::pthread_atfork(lock, unlock, unlock);
        static_cast<void>(registered); // ENOMEM: forks are then not protected
        mutex.next_ = newest.load(std::memory_order_relaxed);
        while (!newest.compare_exchange_weak(mutex.next_, &mutex, std::memory_order_release,
                                             std::memory_order_relaxed)) {
        }
    }

private:
    // Other threads may hold several of the mutexes, locked in any order. To avoid a deadlock, a
    // thread that cannot lock all of them unlocks those it has and starts again with the one it
    // could not lock.
    static void lock() noexcept {
        ForkSafeMutex* missed = nullptr;
        do {
            missed = lock_all(missed);
        } while (missed != nullptr);
    }
    // Blocks only for `first`. If another one is locked, unlocks all and returns that one.
    static ForkSafeMutex* lock_all(ForkSafeMutex* first) noexcept {
        if (first != nullptr) {
            first->lock();
        }
        locked = newest.load(std::memory_order_acquire);
        for (ForkSafeMutex* each = locked; each != nullptr; each = each->next_) {
            if (each != first && !each->try_lock()) {
                unlock_up_to(each, first);
                if (first != nullptr) {
                    first->unlock();
                }
                return each;
            }
        }
        return nullptr;
    }
    static void unlock() noexcept { unlock_up_to(nullptr, nullptr); }
    static void unlock_up_to(const ForkSafeMutex* end, const ForkSafeMutex* but) noexcept {
        for (ForkSafeMutex* each = locked; each != end;) {
            ForkSafeMutex* const next = each->next_;
            if (each != but) {
                each->unlock();
            }
            each = next;
        }
    }

    static inline std::atomic<ForkSafeMutex*> newest{nullptr};
    // The list at the time of the fork; others may be added meanwhile.
    static inline thread_local ForkSafeMutex* locked = nullptr;
};

ForkSafeMutex::ForkSafeMutex() { AllForkSafeMutexes::add(*this); }

} // namespace hocket::detail
