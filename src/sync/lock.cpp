#include <hocket/lock.hpp>

#include <string>

#include <hocket/errors.hpp>

namespace hocket {

void Lock::throw_not_acquired(const char* what) {
    throw RuntimeError("cannot " + std::string(what) + " a Lock that is not acquired");
}

namespace detail {

LockAcquire::operator Coro<bool>() const { return await_in_coro<LockAcquire, Lock&>(lock_); }

} // namespace detail

} // namespace hocket
