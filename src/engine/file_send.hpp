#pragma once

#include <cstdint>
#include <optional>
#include <system_error>

namespace hocket::engine {

/// Sends a part of a file to a socket with sendfile(2), in which the kernel sends from its own
/// memory. This only keeps the position; the caller owns the descriptors.
class FileSend {
public:
    enum class State {
        done,   // everything is sent, or the file has ended
        later,  // continue when the socket is writable again
        failed, // see `error`
    };

    /// Sends `count` bytes from `offset` on, or up to the end of the file.
    FileSend(int file, std::int64_t offset, std::optional<std::int64_t> count) noexcept
        : file_(file), offset_(offset), left_(count) {}

    /// Sends as much as `socket` accepts, up to one turn's share. Never raises SIGPIPE. Blocks for
    /// the disk if the file is not in memory.
    [[nodiscard]] State advance(int socket) noexcept;

    [[nodiscard]] std::uint64_t sent() const noexcept { return sent_; }
    [[nodiscard]] std::error_code error() const noexcept { return error_; }
    /// Whether the kernel does not support sendfile for this kind of file. Nothing was sent then.
    [[nodiscard]] bool is_unavailable() const noexcept;

private:
    int file_;
    std::int64_t offset_;
    std::optional<std::int64_t> left_;
    std::uint64_t sent_ = 0;
    std::error_code error_;
};

} // namespace hocket::engine
