#pragma once

#include <cstdint>
#include <optional>
#include <system_error>

namespace hocket::engine {

/// A part of a file on its way to a socket by sendfile(2): the kernel sends from its own memory.
/// Only keeps count; the descriptors are the caller's.
class FileSend {
public:
    enum class State {
        done,   // all of it is out, or the file has ended
        later,  // when the socket can be written to again
        failed, // see `error`
    };

    /// From `offset` on; `count` bytes, or all there are.
    FileSend(int file, std::int64_t offset, std::optional<std::int64_t> count) noexcept
        : file_(file), offset_(offset), left_(count) {}

    /// Sends what `socket` takes, but no more than a turn's share. Never raises SIGPIPE. Reads from
    /// the disk, and waits for it, when the file is not in memory.
    [[nodiscard]] State advance(int socket) noexcept;

    [[nodiscard]] std::uint64_t sent() const noexcept { return sent_; }
    [[nodiscard]] std::error_code error() const noexcept { return error_; }
    /// The kernel cannot do it with this kind of file; nothing was sent.
    [[nodiscard]] bool is_unavailable() const noexcept;

private:
    int file_;
    std::int64_t offset_;
    std::optional<std::int64_t> left_;
    std::uint64_t sent_ = 0;
    std::error_code error_;
};

} // namespace hocket::engine
