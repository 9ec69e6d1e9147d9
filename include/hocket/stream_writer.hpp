#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include <hocket/coro.hpp>
#include <hocket/detail/loop/sendfile.hpp>
#include <hocket/detail/net/stream_operations.hpp>
#include <hocket/socket.hpp>
#include <hocket/ssl_object.hpp>
#include <hocket/ssl_options.hpp>

namespace hocket {

/// The writing end of a connection: Python's asyncio.StreamWriter. This is a handle: copies write
/// to the same stream, and destroying the last one closes the connection as close() does. Use it
/// only on the loop's thread.
class StreamWriter {
public:
    /// Internal.
    explicit StreamWriter(std::shared_ptr<detail::StreamState> stream) noexcept;
    StreamWriter(const StreamWriter& other) noexcept;
    StreamWriter(StreamWriter&& other) noexcept;
    StreamWriter& operator=(StreamWriter other) noexcept;
    ~StreamWriter();

    /// Sends `data`, or queues a copy of it. Never waits; await drain() afterwards. Small writes in
    /// one turn of the loop are sent together. Ignored once the connection is closing. Throws
    /// RuntimeError after write_eof.
    void write(std::string_view data);
    void write(std::span<const std::byte> data) {
        write(std::string_view(reinterpret_cast<const char*>(data.data()), data.size()));
    }
    /// Writes every element of `range`, in order.
    template <class Range> void writelines(const Range& range) {
        for (const auto& data : range) {
            write(std::string_view(data));
        }
    }
    /// Returns at once if at most 64 KiB are queued. Otherwise waits until at most 16 KiB are
    /// queued. Throws std::system_error once the connection is lost. Cancelling ends only the wait.
    detail::Drain drain() { return detail::Drain(stream_); }

    /// Sends the content of a file after the data written before: EventLoop::sendfile for streams.
    Coro<std::uint64_t> sendfile(int file, SendfileOptions options = {});
    template <detail::HasFileno F>
    Coro<std::uint64_t> sendfile(const F& file, SendfileOptions options = {}) {
        return sendfile(file.fileno(), options);
    }

    /// Whether write_eof can be used; false with TLS.
    [[nodiscard]] bool can_write_eof() const noexcept;
    /// Shuts down the writing side once everything is sent; the peer then reads the end of the
    /// stream. Throws RuntimeError if the connection does not support this.
    void write_eof();

    /// Starts TLS: the handshake follows the queued data, and data that the reader has not read yet
    /// counts as the peer's part of it. A client should give the name that the server's certificate
    /// must match: `{.server_hostname = "example.test"}`. A failure (SSLError,
    /// SSLCertVerificationError, std::system_error) or a cancellation closes the connection. Throws
    /// RuntimeError if the connection already uses TLS or is closing.
    Coro<> start_tls(const SSLContext& context, const StartTlsOptions& options = {});

    /// Sends the queued data, then closes the connection.
    void close() noexcept;
    /// Closes the connection at once and drops the queued data. Python: `writer.transport.abort()`.
    void abort() noexcept;
    [[nodiscard]] bool is_closing() const noexcept;
    /// Waits until the connection is closed; throws the error that broke it, if any. Cancelling
    /// ends only the wait.
    detail::WaitStreamClosed wait_closed() { return detail::WaitStreamClosed(stream_); }

    // In Python these come from get_extra_info.
    [[nodiscard]] SocketAddress peername() const;
    /// The local address; unknown once the connection is closed.
    [[nodiscard]] SocketAddress sockname() const;
    /// The socket, for setting options. Do not read from it, write to it or close it. Throws
    /// RuntimeError once the loop is closed.
    [[nodiscard]] Socket& socket() const;
    /// Information about the connection's TLS; false if it does not use TLS.
    [[nodiscard]] SSLObject ssl_object() const;

private:
    std::shared_ptr<detail::StreamState> stream_;
};

} // namespace hocket
