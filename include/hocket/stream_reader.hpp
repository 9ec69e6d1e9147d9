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

/// The reading end of a connection: Python's asyncio.StreamReader. A handle: copies read from the
/// same stream; one task at a time may wait (a second one gets RuntimeError). For the loop's
/// thread.
///
/// The functions that read are awaited and throw std::system_error once the connection broke.
/// Cancelling the task ends the wait with CancelledError, and no byte is lost: the next read gets
/// them. They become a Coro where one is asked for (`wait_for(reader.readline(), 1s)`).
class StreamReader {
public:
    /// A stream of its own, fed by feed_data. Throws ValueError when `limit` is 0.
    explicit StreamReader(std::size_t limit = std::size_t{64} * 1024);
    /// For hocket's own parts.
    explicit StreamReader(std::shared_ptr<detail::ReadBuffer> buffer) noexcept
        : buffer_(std::move(buffer)) {}

    /// Up to `n` bytes, as soon as there are any; empty at the end of the stream. Negative:
    /// everything up to the end.
    detail::ReadBytes read(std::ptrdiff_t n = -1) {
        return n < 0 ? make({detail::ReadRequest::Kind::all})
                     : make({detail::ReadRequest::Kind::some, static_cast<std::size_t>(n)});
    }
    /// A line with its '\n'; at the end of the stream what is left, perhaps nothing. Throws
    /// LimitOverrunError (a ValueError, as Python says) for a line longer than the limit, and drops
    /// it.
    detail::ReadBytes readline() { return make({detail::ReadRequest::Kind::line}); }
    /// Exactly `n` bytes. Throws IncompleteReadError when the stream ends before.
    detail::ReadBytes readexactly(std::size_t n) {
        return make({detail::ReadRequest::Kind::exactly, n});
    }
    /// Everything up to and with `separator`. Throws IncompleteReadError when the stream ends
    /// before it, LimitOverrunError when there would be more than the limit before it (and leaves
    /// that to be read), ValueError for an empty separator.
    detail::ReadBytes readuntil(std::string_view separator = "\n");
    /// Up to the first of several separators: the shortest result that ends with one of them.
    detail::ReadBytes readuntil(std::vector<std::string> separators);
    /// As read, into `space`: returns how many bytes, 0 only at the end of the stream (or for no
    /// space). `space` must stay valid until the await ends.
    detail::ReadInto read_into(std::span<char> space) {
        return read_into(std::as_writable_bytes(space));
    }
    detail::ReadInto read_into(std::span<std::byte> space) {
        return detail::ReadInto(*buffer_, {detail::ReadRequest::Kind::into, 0, space});
    }

    /// The stream has ended and everything is read.
    [[nodiscard]] bool at_eof() const noexcept;
    /// What broke the stream; nullptr when nothing has.
    [[nodiscard]] std::exception_ptr exception() const noexcept;

    // For those who feed a stream of their own.
    /// Appends `data`. Throws RuntimeError after feed_eof.
    void feed_data(std::string_view data);
    void feed_eof();
    /// From here on every read throws `error`.
    void set_exception(std::exception_ptr error);

private:
    detail::ReadBytes make(detail::ReadRequest request) {
        return detail::ReadBytes(*buffer_, std::move(request));
    }

    std::shared_ptr<detail::ReadBuffer> buffer_;
};

} // namespace hocket
