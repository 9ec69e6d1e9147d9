#include "engine/cached_reads.hpp"

#include <algorithm>
#include <cerrno>

#include <sys/uio.h>

namespace hocket::engine {

std::int64_t CachedReads::read(int fd, void* memory, std::size_t size,
                               std::int64_t offset) noexcept {
    if (left_ == 0) {
        return -EAGAIN;
    }
    const iovec vector{memory, std::min(size, left_)};
    const ssize_t count = ::preadv2(fd, &vector, 1, offset, RWF_NOWAIT);
    if (count < 0) {
        // If it is interrupted, the file operation can do it as well.
        return errno == EINTR ? -EAGAIN : -errno;
    }
    left_ -= static_cast<std::size_t>(count);
    reactor_.at_turn_end(*this);
    return count;
}

} // namespace hocket::engine
