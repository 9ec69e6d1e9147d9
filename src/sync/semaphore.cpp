#include <hocket/semaphore.hpp>

#include <string>

#include <hocket/errors.hpp>

namespace hocket {

Semaphore::Semaphore(std::ptrdiff_t value, std::ptrdiff_t bound) : value_(value), bound_(bound) {
    if (value < 0) {
        throw ValueError("a Semaphore's initial value must be at least 0, not " +
                         std::to_string(value));
    }
}

void Semaphore::throw_released_too_often() const {
    throw ValueError("BoundedSemaphore released too many times: its initial value of " +
                     std::to_string(bound_) + " is already reached");
}

} // namespace hocket
