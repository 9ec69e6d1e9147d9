#pragma once

#include <sys/stat.h>

namespace hocket::engine {

/// The inode of an open descriptor; 0 if it is closed. A socket's is unique as long as the socket
/// exists, so it shows whether the number still belongs to the same socket.
[[nodiscard]] inline ino_t inode_of(int fd) noexcept {
    struct stat status {};
    return ::fstat(fd, &status) == 0 ? status.st_ino : 0;
}

} // namespace hocket::engine
