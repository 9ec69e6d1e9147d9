#include "observe/own_descriptors.hpp"

#include <limits>

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <hocket/engine/sanitizers.hpp>

namespace hocket::observer {

namespace {

using engine::FileDescriptor;

/// This process, for a thread with a table of its own.
thread_local FileDescriptor process;

FileDescriptor open_process() noexcept {
    return FileDescriptor(static_cast<int>(::syscall(SYS_pidfd_open, ::getpid(), 0)));
}

FileDescriptor copy_from(const FileDescriptor& of, int fileno) noexcept {
    return FileDescriptor(static_cast<int>(::syscall(SYS_pidfd_getfd, of.fileno(), fileno, 0)));
}

bool can_copy_descriptors() noexcept {
    const FileDescriptor opened = open_process();
    return copy_from(opened, opened.fileno()).is_open();
}

} // namespace

bool leave_descriptors() noexcept {
    constexpr unsigned last = std::numeric_limits<unsigned>::max();
    // ThreadSanitizer takes descriptors of the same number for the same descriptor.
    if (detail::thread_sanitized || !can_copy_descriptors() ||
        ::close_range(STDERR_FILENO + 1, last, CLOSE_RANGE_UNSHARE) != 0) {
        return false;
    }
    // Nobody should wait in vain for the end of the process's input or output.
    const FileDescriptor nothing(::open("/dev/null", O_RDWR | O_CLOEXEC));
    ::dup2(nothing.fileno(), STDIN_FILENO);
    ::dup2(nothing.fileno(), STDOUT_FILENO);
    process = open_process();
    return true;
}

FileDescriptor copy_of_process(int fileno) noexcept {
    return process.is_open() ? copy_from(process, fileno)
                             : FileDescriptor(::fcntl(fileno, F_DUPFD_CLOEXEC, 0));
}

void write_to_stderr(const std::string& text) noexcept {
    const FileDescriptor file = copy_of_process(STDERR_FILENO);
    static_cast<void>(!::write(file.fileno(), text.data(), text.size()));
}

} // namespace hocket::observer
