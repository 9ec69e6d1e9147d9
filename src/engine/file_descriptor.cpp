#include <hocket/engine/file_descriptor.hpp>

#include <cerrno>
#include <system_error>

#include <fcntl.h>
#include <unistd.h>

#include "engine/last_error.hpp"

namespace hocket::engine {

FileDescriptor FileDescriptor::duplicate(int fd) {
    const int copy = ::fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (copy < 0) {
        throw_errno("cannot duplicate descriptor " + std::to_string(fd));
    }
    return FileDescriptor(copy);
}

std::pair<FileDescriptor, FileDescriptor> FileDescriptor::pipe() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) {
        throw_errno("pipe2");
    }
    return {FileDescriptor(ends[0]), FileDescriptor(ends[1])};
}

void FileDescriptor::close() noexcept {
    if (fd_ >= 0) {
        ::close(std::exchange(fd_, -1));
    }
}

} // namespace hocket::engine
