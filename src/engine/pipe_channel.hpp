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

/// One direction of bytes through a descriptor that others may share: the end of a pipe, a FIFO, a
/// terminal, a socket, a file. Reads and writes never wait (but for a file's disk) and never raise
/// SIGPIPE.
///
/// O_NONBLOCK belongs to the open file description, which a terminal's or a pipe's descriptor
/// shares with whoever inherited it: set on stdin, it makes the shell's reads fail. So a FIFO or
/// terminal that blocks is opened once more, by /proc/self/fd, as a description of this channel's
/// own. Where that is refused (another user's terminal, a pseudo-terminal's master, which would
/// become a new one) the flag is set, and taken back as the channel goes; a process that is killed
/// in between leaves it set. Sockets are asked not to wait call by call, and files never wait.
class PipeChannel {
public:
    enum class Direction : std::uint8_t { read, write };

    /// Nothing.
    PipeChannel() noexcept = default;
    PipeChannel(PipeChannel&& other) noexcept;
    PipeChannel& operator=(PipeChannel&& other) noexcept;
    ~PipeChannel();

    /// Takes over `fd`. EINVAL for what is no stream of bytes (a directory, an eventfd), EBADF for
    /// what cannot be used in this direction.
    [[nodiscard]] static PipeChannel open(FileDescriptor fd, Direction direction,
                                          std::error_code& error) noexcept;

    [[nodiscard]] int fileno() const noexcept { return fd_.fileno(); }
    [[nodiscard]] bool is_for_writing() const noexcept { return direction_ == Direction::write; }
    /// For the texts of failures: "a pipe", "a terminal".
    [[nodiscard]] const char* name() const noexcept;

    /// As ::read and ::writev: -1 and errno (EAGAIN: not now).
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
