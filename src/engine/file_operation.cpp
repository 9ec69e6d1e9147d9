#include "engine/file_operation.hpp"

#include <cerrno>
#include <cstdio>
#include <utility>

#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "engine/file_operations.hpp"

namespace hocket::engine {

namespace {

// The most that the kernel transfers in one call; for more it returns a short count.
constexpr std::size_t largest_transfer = 0x7ffff000;

template <class Call> std::int64_t retried(Call call) noexcept {
    for (;;) {
        const auto result = call();
        if (result >= 0) {
            return result;
        }
        if (errno != EINTR) {
            return -errno;
        }
    }
}

} // namespace

FileRequest FileRequest::open(const char* path, int flags, unsigned mode) noexcept {
    return {.kind = Call::open, .flags = flags | O_CLOEXEC, .mode = mode, .path = path};
}

FileRequest FileRequest::close(int fd) noexcept { return {.kind = Call::close, .fd = fd}; }

FileRequest FileRequest::read(int fd, void* memory, std::size_t size,
                              std::int64_t offset) noexcept {
    size = size < largest_transfer ? size : largest_transfer;
    return {.kind = Call::read, .fd = fd, .memory = memory, .size = size, .offset = offset};
}

FileRequest FileRequest::write(int fd, const void* memory, std::size_t size,
                               std::int64_t offset) noexcept {
    FileRequest request = read(fd, const_cast<void*>(memory), size, offset);
    request.kind = Call::write;
    return request;
}

FileRequest FileRequest::sync(int fd, bool data_only) noexcept {
    return {.kind = data_only ? Call::data_sync : Call::sync, .fd = fd};
}

FileRequest FileRequest::stat(const char* path, int flags, struct statx& result) noexcept {
    return {.kind = Call::stat, .flags = flags, .memory = &result, .path = path};
}

FileRequest FileRequest::stat(int fd, struct statx& result) noexcept {
    return {.kind = Call::stat, .fd = fd, .flags = AT_EMPTY_PATH, .memory = &result, .path = ""};
}

FileRequest FileRequest::rename(const char* path, const char* new_path) noexcept {
    return {.kind = Call::rename, .path = path, .new_path = new_path};
}

FileRequest FileRequest::unlink(const char* path, int flags) noexcept {
    return {.kind = Call::unlink, .flags = flags, .path = path};
}

FileRequest FileRequest::make_directory(const char* path, unsigned mode) noexcept {
    return {.kind = Call::make_directory, .mode = mode, .path = path};
}

FileRequest FileRequest::call(Function function, void* context) noexcept {
    return {.kind = Call::function, .memory = context, .function = function};
}

std::int64_t FileRequest::perform() const noexcept {
    iovec memory_vector{memory, size};
    switch (kind) {
    case Call::open: return retried([&] { return ::openat(fd, path, flags, mode); });
    case Call::close:
        // On Linux the descriptor is closed even if close is interrupted.
        return ::close(fd) == 0 || errno == EINTR ? 0 : -errno;
    // For preadv2 and pwritev2, as for io_uring, offset -1 means the file's own position.
    case Call::read: return retried([&] { return ::preadv2(fd, &memory_vector, 1, offset, 0); });
    case Call::write: return retried([&] { return ::pwritev2(fd, &memory_vector, 1, offset, 0); });
    case Call::sync: return retried([&] { return ::fsync(fd); });
    case Call::data_sync: return retried([&] { return ::fdatasync(fd); });
    case Call::stat:
        return retried([&] {
            return ::statx(fd, path, flags, STATX_BASIC_STATS, static_cast<struct statx*>(memory));
        });
    case Call::rename: return retried([&] { return ::renameat(fd, path, fd, new_path); });
    case Call::unlink: return retried([&] { return ::unlinkat(fd, path, flags); });
    case Call::make_directory: return retried([&] { return ::mkdirat(fd, path, mode); });
    case Call::function: return function(memory);
    }
    return -EINVAL;
}

void FileOperation::request_cancel() noexcept {
    if (is_pending() && !std::exchange(is_cancel_requested_, true)) {
        operations_->cancel(*this);
    }
}

void FileOperation::abandon() noexcept {
    if (!is_pending()) {
        return;
    }
    operations_->withdraw(*this);
    operations_ = nullptr;
    long_open_.reset();
    // Nobody else will close what was opened for nobody.
    if (state_ == State::done && request_.kind == FileRequest::Call::open && result_ >= 0) {
        ::close(static_cast<int>(result_));
    }
}

void FileOperation::Work::perform() noexcept {
    if (operation.operations_->set_aside(operation)) {
        return;
    }
    operation.result_ = operation.request_.perform();
    operation.operations_->performed(operation);
}

void FileOperation::complete() noexcept {
    operations_ = nullptr;
    long_open_.reset();
    on_complete(result_);
}

} // namespace hocket::engine
