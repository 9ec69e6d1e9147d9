#pragma once

#include <cstdint>
#include <functional>
#include <string_view>
#include <system_error>

#include <hocket/coro.hpp>
#include <hocket/detail/loop/sendfile.hpp>

namespace hocket::detail {

/// Sets the file's position after the last byte sent, however the sending ends. Does nothing for
/// files without a position.
class PositionBehind {
public:
    PositionBehind(int file, std::int64_t offset, const std::uint64_t& sent) noexcept
        : file_(file), offset_(offset), sent_(sent) {}
    ~PositionBehind();
    PositionBehind(const PositionBehind&) = delete;
    PositionBehind& operator=(const PositionBehind&) = delete;

private:
    int file_;
    std::int64_t offset_;
    const std::uint64_t& sent_;
};

using WritePiece = std::function<Coro<>(std::string_view)>;

/// Sends a file that the kernel cannot send by itself: reads it in pieces on a thread, and passes
/// each piece to `write`. Returns the number of bytes sent. Throws std::system_error.
Coro<std::uint64_t> send_pieces(int file, SendfileOptions options, const WritePiece& write);

/// Throws SendfileNotAvailableError; `error` is the kernel's reason.
[[noreturn]] void throw_sendfile_unavailable(std::error_code error);

} // namespace hocket::detail
