#pragma once

#include <utility>

namespace hocket::engine {

/// Owns a file descriptor.
class FileDescriptor {
public:
    FileDescriptor() noexcept = default;
    explicit FileDescriptor(int fd) noexcept : fd_(fd) {} ///< Takes over `fd`.
    FileDescriptor(FileDescriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    FileDescriptor& operator=(FileDescriptor&& other) noexcept {
        std::swap(fd_, other.fd_);
        return *this;
    }
    ~FileDescriptor() { close(); }

    /// A close-on-exec duplicate of `fd`. Throws std::system_error if duplicating fails.
    [[nodiscard]] static FileDescriptor duplicate(int fd);

    /// A new close-on-exec pipe, as (read end, write end): Python's os.pipe(). Throws
    /// std::system_error if that fails.
    [[nodiscard]] static std::pair<FileDescriptor, FileDescriptor> pipe();

    /// The number; -1 once closed.
    [[nodiscard]] int fileno() const noexcept { return fd_; }
    [[nodiscard]] int get() const noexcept { return fileno(); } ///< The former name of fileno.
    [[nodiscard]] bool is_open() const noexcept { return fd_ >= 0; }
    void close() noexcept;
    /// Gives up ownership and returns the descriptor.
    [[nodiscard]] int release() noexcept { return std::exchange(fd_, -1); }

private:
    int fd_ = -1;
};

} // namespace hocket::engine
