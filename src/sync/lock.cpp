#include <hocket/lock.hpp>

#include <string>

#include <hocket/errors.hpp>

namespace hocket {

void Lock::throw_not_acquired(const char* what) {
    throw RuntimeError("cannot " + std::string(what) + " a Lock that is not acquired");
}

} // namespace hocket
