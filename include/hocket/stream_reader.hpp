#pragma once

#include <cstddef>
#include <exception>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <hocket/detail/net/read_operation.hpp>
#include <hocket/errors.hpp>

namespace hocket {

/// The reading end of a connection: Python's asyncio.StreamReader. This is a handle: copies read
/// from the same stream. One task at a time may wait; a second one throws RuntimeError. Use it only
/// on the loop's thread.
///
/// The read functions are awaited, and throw std::system_error if the connection is broken.
/// Cancelling the task ends the wait with CancelledError; no data is lost, and the next read
/// returns it. The functions convert to a Coro where one is needed
/// (`wait_for(reader.readline(), 1s)`).
class StreamReader {
public:
    /// Creates a stream without a connection, to be filled by feed_data. Throws ValueError if
    /// `limit` is 0.
    explicit StreamReader(std::size_t limit = std::size_t{64} * 1024);
    /// Internal.
    explicit StreamReader(std::shared_ptr<detail::ReadBuffer> buffer) noexcept
        : buffer_(std::move(buffer)) {}

    /// Returns up to `n` bytes as soon as any are available; empty at the end of the stream. If `n`
    /// is negative, returns everything up to the end.
    detail::ReadBytes read(std::ptrdiff_t n = -1) {
        return n < 0 ? make({detail::ReadRequest::Kind::all})
                     : make({detail::ReadRequest::Kind::some, static_cast<std::size_t>(n)});
    }
    /// Returns a line with its '\n'; at the end of the stream the remaining data, which may be
    /// empty. If the line is longer than the limit, drops it and throws LimitOverrunError (a
    /// ValueError, as in Python).
    detail::ReadBytes readline() { return make({detail::ReadRequest::Kind::line}); }
    /// Returns exactly `n` bytes. Throws IncompleteReadError if the stream ends first.
    detail::ReadBytes readexactly(std::size_t n) {
        return make({detail::ReadRequest::Kind::exactly, n});
    }
    /// Returns everything up to and including `separator`. Throws IncompleteReadError if the stream
    /// ends before it, LimitOverrunError if the data before it exceeds the limit (the data can
    /// still be read), and ValueError for an empty separator.
    detail::ReadBytes readuntil(std::string_view separator = "\n");
    /// Returns everything up to the first of several separators: the shortest result that ends with
    /// one of them.
    detail::ReadBytes readuntil(std::vector<std::string> separators);
    /// Like read, but reads into `space` and returns the number of bytes, which is 0 only at the
    /// end of the stream or if `space` is empty. `space` must stay valid until the await ends.
    detail::ReadInto read_into(std::span<char> space) {
        return read_into(std::as_writable_bytes(space));
    }
    detail::ReadInto read_into(std::span<std::byte> space) {
        return detail::ReadInto(*buffer_, {detail::ReadRequest::Kind::into, 0, space});
    }

    /// Whether the stream has ended and everything has been read.
    [[nodiscard]] bool at_eof() const noexcept;
    /// The error that broke the stream; nullptr if there is none.
    [[nodiscard]] std::exception_ptr exception() const noexcept;

    // For filling a stream that has no connection.
    /// Appends `data`. Throws RuntimeError after feed_eof.
    void feed_data(std::string_view data);
    void feed_eof();
    /// From now on every read throws `error`.
    void set_exception(std::exception_ptr error);

private:
    detail::ReadBytes make(detail::ReadRequest request) {
        return detail::ReadBytes(*buffer_, std::move(request));
    }

    std::shared_ptr<detail::ReadBuffer> buffer_;
};

} // namespace hocket
