#include <hocket/threadsafe_lock.hpp>

#include <hocket/errors.hpp>

namespace hocket {

void ThreadsafeLock::release() {
    const std::scoped_lock lock(lock_);
    if (waiters_.free() != 0) {
        throw RuntimeError("cannot release a ThreadsafeLock that is not acquired");
    }
    waiters_.offer();
}

} // namespace hocket
