#include "engine/pipe_channel.hpp"

#include <array>
#include <cerrno>
#include <cstdio>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/last_error.hpp"

namespace hocket::engine {

namespace {

bool is_terminals_master(int fd) noexcept {
    unsigned number = 0;
    return ::ioctl(fd, TIOCGPTN, &number) == 0;
}

bool is_same_file(int one, int other) noexcept {
    struct stat a {};
    struct stat b {};
    return ::fstat(one, &a) == 0 && ::fstat(other, &b) == 0 && a.st_dev == b.st_dev &&
           a.st_ino == b.st_ino;
}

/// Whether no process has the FIFO open for writing any more.
bool is_hung_up(int fd) noexcept {
    pollfd asked{fd, POLLIN, 0};
    return ::poll(&asked, 1, 0) == 1 && (asked.revents & POLLHUP) != 0;
}

} // namespace

PipeChannel::PipeChannel(PipeChannel&& other) noexcept
    : fd_(std::move(other.fd_)),
      kind_(other.kind_),
      direction_(other.direction_),
      restores_blocking_(std::exchange(other.restores_blocking_, false)) {}

PipeChannel& PipeChannel::operator=(PipeChannel&& other) noexcept {
    std::swap(fd_, other.fd_);
    std::swap(kind_, other.kind_);
    std::swap(direction_, other.direction_);
    std::swap(restores_blocking_, other.restores_blocking_);
    return *this;
}

PipeChannel::~PipeChannel() {
    if (restores_blocking_) {
        ::fcntl(fd_.fileno(), F_SETFL, ::fcntl(fd_.fileno(), F_GETFL) & ~O_NONBLOCK);
    }
}

PipeChannel PipeChannel::open(FileDescriptor fd, Direction direction,
                              std::error_code& error) noexcept {
    PipeChannel channel;
    channel.fd_ = std::move(fd);
    channel.direction_ = direction;
    struct stat status {};
    if (::fstat(channel.fileno(), &status) != 0) {
        error = last_error();
        return channel;
    }
    switch (status.st_mode & S_IFMT) {
    case S_IFIFO: channel.kind_ = Kind::pipe; break;
    case S_IFSOCK: channel.kind_ = Kind::socket; break;
    case S_IFREG:
    case S_IFBLK: channel.kind_ = Kind::file; break;
    case S_IFCHR:
        channel.kind_ = ::isatty(channel.fileno()) == 1 ? Kind::terminal : Kind::device;
        break;
    default: error = std::make_error_code(std::errc::invalid_argument); return channel;
    }
    error = channel.stop_blocking();
    return channel;
}

std::error_code PipeChannel::stop_blocking() noexcept {
    const int flags = ::fcntl(fileno(), F_GETFL);
    if (flags < 0) {
        return last_error();
    }
    const int access = flags & O_ACCMODE;
    if (access != O_RDWR && access != (is_for_writing() ? O_WRONLY : O_RDONLY)) {
        return std::make_error_code(std::errc::bad_file_descriptor);
    }
    if ((flags & O_NONBLOCK) != 0 || kind_ == Kind::socket || kind_ == Kind::file) {
        return {};
    }
    if (kind_ != Kind::device && !is_terminals_master(fileno())) {
        FileDescriptor own = reopen();
        // If the FIFO's last writer has closed it, a new description would wait for the next
        // writer, whereas this one correctly reports the end.
        const bool misses_end = own.is_open() && kind_ == Kind::pipe && !is_for_writing() &&
                                is_hung_up(fileno()) && !is_hung_up(own.fileno());
        if (own.is_open() && !misses_end) {
            fd_ = std::move(own);
            return {};
        }
    }
    if (::fcntl(fileno(), F_SETFL, flags | O_NONBLOCK) != 0) {
        return last_error();
    }
    restores_blocking_ = true;
    return {};
}

FileDescriptor PipeChannel::reopen() const noexcept {
    std::array<char, 32> path{};
    std::snprintf(path.data(), path.size(), "/proc/self/fd/%d", fileno());
    FileDescriptor own(::open(path.data(), (is_for_writing() ? O_WRONLY : O_RDONLY) | O_NONBLOCK |
                                               O_NOCTTY | O_CLOEXEC));
    return own.is_open() && is_same_file(own.fileno(), fileno()) ? std::move(own)
                                                                 : FileDescriptor();
}

const char* PipeChannel::name() const noexcept {
    switch (kind_) {
    case Kind::terminal: return "a terminal";
    case Kind::device: return "a device";
    case Kind::socket: return "a socket";
    case Kind::file: return "a file";
    default: return "a pipe";
    }
}

ssize_t PipeChannel::read(std::span<std::byte> into) noexcept {
    return kind_ == Kind::socket ? ::recv(fileno(), into.data(), into.size(), MSG_DONTWAIT)
                                 : ::read(fileno(), into.data(), into.size());
}

ssize_t PipeChannel::write(std::span<const iovec> pieces) noexcept {
    if (kind_ != Kind::socket) {
        return quiet_write_(fileno(), pieces);
    }
    msghdr message{};
    message.msg_iov = const_cast<iovec*>(pieces.data());
    message.msg_iovlen = pieces.size();
    return ::sendmsg(fileno(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
}

} // namespace hocket::engine
