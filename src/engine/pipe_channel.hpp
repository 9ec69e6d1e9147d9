#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <system_error>

#include <sys/types.h>
#include <sys/uio.h>

#include <hocket/engine/file_descriptor.hpp>

#include "engine/quiet_write.hpp"

namespace hocket::engine {

/// One direction of bytes through a descriptor that other processes may share: the end of a pipe, a
/// FIFO, a terminal, a socket, a file. Reads and writes never block (except for disk access) and
/// never raise SIGPIPE.
///
/// O_NONBLOCK belongs to the open file description, which the descriptor of a terminal or pipe
/// shares with all processes that inherited it: setting it on stdin makes the shell's reads fail.
/// Therefore a FIFO or terminal in blocking mode is reopened through /proc/self/fd, which gives
/// this channel a separate description. If that is not possible (another user's terminal, or a
/// pseudo-terminal's master, for which it would create a new one), the flag is set and reset when
/// the channel is destroyed; a process that is killed in between leaves it set. Sockets use a
/// non-blocking flag per call, and files never block.
class PipeChannel {
public:
    enum class Direction : std::uint8_t { read, write };

    /// No channel.
    PipeChannel() noexcept = default;
    PipeChannel(PipeChannel&& other) noexcept;
    PipeChannel& operator=(PipeChannel&& other) noexcept;
    ~PipeChannel();

    /// Takes over `fd`. Fails with EINVAL if it is not a stream of bytes (a directory, an eventfd),
    /// and with EBADF if it cannot be used in this direction.
    [[nodiscard]] static PipeChannel open(FileDescriptor fd, Direction direction,
                                          std::error_code& error) noexcept;

    [[nodiscard]] int fileno() const noexcept { return fd_.fileno(); }
    [[nodiscard]] bool is_for_writing() const noexcept { return direction_ == Direction::write; }
    /// For error messages: "a pipe", "a terminal".
    [[nodiscard]] const char* name() const noexcept;

    /// Like ::read and ::writev: return -1 and set errno on failure (EAGAIN if they would block).
    [[nodiscard]] ssize_t read(std::span<std::byte> into) noexcept;
    [[nodiscard]] ssize_t write(std::span<const iovec> pieces) noexcept;

private:
    enum class Kind : std::uint8_t { pipe, terminal, device, socket, file };

    [[nodiscard]] std::error_code stop_blocking() noexcept;
    [[nodiscard]] FileDescriptor reopen() const noexcept;

    FileDescriptor fd_;
    Kind kind_ = Kind::pipe;
    Direction direction_ = Direction::read;
    bool restores_blocking_ = false;
    QuietWrite quiet_write_;
};

} // namespace hocket::engine
