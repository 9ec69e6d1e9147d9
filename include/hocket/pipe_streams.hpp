#pragma once

#include <cstddef>

#include <hocket/file_descriptor.hpp>
#include <hocket/stream_reader.hpp>
#include <hocket/stream_writer.hpp>

namespace hocket {

// Streams over pipes, on the running loop (RuntimeError when there is none). asyncio has no such
// functions: there one builds them from connect_read_pipe, StreamReaderProtocol and StreamWriter.
// Nothing has to be waited for, so nothing is awaited.
//
// A pipe is an end of a pipe, a FIFO, a terminal, a socket, a file or a device: whatever stdin and
// stdout may be. Others who have it open, the shell say, do not notice that this loop does not wait
// for it. Throws std::system_error when it cannot be used that way, ValueError for what is none of
// these.

/// Reads from `pipe`, which is closed when the last copy of the reader is gone. `limit` as in
/// ConnectOptions.
[[nodiscard]] StreamReader open_pipe_reader(FileDescriptor pipe,
                                            std::size_t limit = std::size_t{64} * 1024);

/// Writes to `pipe`, which is closed by close() or write_eof(), or when the last copy of the writer
/// is gone, after what is queued is written. When nobody reads the pipe any more it is closed, too:
/// drain() throws then.
[[nodiscard]] StreamWriter open_pipe_writer(FileDescriptor pipe);

/// Reads what this program is given: `while (!(line = co_await input.readline()).empty())`. Each
/// call makes a reader with a buffer of its own, so call it once. The descriptors 0, 1 and 2 stay
/// open when the streams are closed.
[[nodiscard]] StreamReader open_stdin(std::size_t limit = std::size_t{64} * 1024);
/// Writes to where `std::cout` does, but not through its buffer: flush that before.
[[nodiscard]] StreamWriter open_stdout();
[[nodiscard]] StreamWriter open_stderr();

} // namespace hocket
