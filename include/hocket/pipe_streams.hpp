#pragma once

#include <cstddef>

#include <hocket/file_descriptor.hpp>
#include <hocket/stream_reader.hpp>
#include <hocket/stream_writer.hpp>

namespace hocket {

// Streams over pipes, on the running loop (RuntimeError if there is none). asyncio has no such
// functions; there one combines connect_read_pipe, StreamReaderProtocol and StreamWriter. These
// functions never wait, so they are not awaited.
//
// Here a pipe is an end of a pipe, a FIFO, a terminal, a socket, a file or a device: anything that
// stdin and stdout can be. It does not become non-blocking for other processes that have it open,
// such as the shell. Throws std::system_error if it cannot be used that way, and ValueError if the
// descriptor is of another kind.

/// Reads from `pipe`, which is closed when the last copy of the reader is destroyed. For `limit`,
/// see ConnectOptions.
[[nodiscard]] StreamReader open_pipe_reader(FileDescriptor pipe,
                                            std::size_t limit = std::size_t{64} * 1024);

/// Writes to `pipe`. It is closed, after the queued data is written, by close(), by write_eof(), or
/// when the last copy of the writer is destroyed. It is also closed when no process has the pipe
/// open for reading any more; drain() then throws.
[[nodiscard]] StreamWriter open_pipe_writer(FileDescriptor pipe);

/// Reads this program's standard input: `while (!(line = co_await input.readline()).empty())`. Each
/// call creates a reader with its own buffer, so call it only once. The descriptors 0, 1 and 2 stay
/// open when the streams are closed.
[[nodiscard]] StreamReader open_stdin(std::size_t limit = std::size_t{64} * 1024);
/// Writes to this program's standard output, bypassing the buffer of `std::cout`: flush that first.
[[nodiscard]] StreamWriter open_stdout();
[[nodiscard]] StreamWriter open_stderr();

} // namespace hocket
