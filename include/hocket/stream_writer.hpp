#pragma once

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <span>
#include <string_view>

#include <hocket/coro.hpp>
#include <hocket/detail/loop/sendfile.hpp>
#include <hocket/detail/sync/waiter.hpp>
#include <hocket/socket.hpp>
#include <hocket/ssl_object.hpp>
#include <hocket/ssl_options.hpp>

namespace hocket {

namespace detail {

class StreamState;

/// StreamWriter::drain.
class [[nodiscard]] Drain final : public Waiter {
public:
    using hocket_awaitable = void;
    using value_type = void;

    explicit Drain(std::shared_ptr<StreamState> stream) noexcept;
    ~Drain();
    operator Coro<void>() const; // NOLINT(google-explicit-constructor)

    bool await_ready() const;
    template <class P> void await_suspend(std::coroutine_handle<P> caller) {
        if (WaitQueue* const waiters = waiters_if_paused()) {
            wait_in(*waiters, caller, "StreamWriter");
        } else {
            // Closing: let the news of the connection's end come in.
            yielding_ = caller.promise().task;
            yielding_->yield(caller.promise());
        }
    }
    void await_resume() {
        if (has_waited()) {
            throw_if_unlucky("StreamWriter");
        } else if (yielding_ != nullptr) {
            yielding_->throw_if_cancelled();
        }
        throw_if_lost();
    }

private:
    [[nodiscard]] WaitQueue* waiters_if_paused() noexcept;
    void throw_if_lost() const;

    std::shared_ptr<StreamState> stream_;
    TaskBase* yielding_ = nullptr;
};

/// StreamWriter::wait_closed.
class [[nodiscard]] WaitStreamClosed final : public Waiter {
public:
    using hocket_awaitable = void;
    using value_type = void;

    explicit WaitStreamClosed(std::shared_ptr<StreamState> stream) noexcept;
    ~WaitStreamClosed();
    operator Coro<void>() const; // NOLINT(google-explicit-constructor)

    bool await_ready() const noexcept;
    template <class P> void await_suspend(std::coroutine_handle<P> caller) {
        wait_in(waiters(), caller, "StreamWriter");
    }
    void await_resume() {
        if (has_waited()) {
            throw_if_unlucky("StreamWriter");
        }
        throw_if_broken();
    }

private:
    [[nodiscard]] WaitQueue& waiters() noexcept;
    void throw_if_broken() const;

    std::shared_ptr<StreamState> stream_;
};

} // namespace detail

/// The writing end of a connection: Python's asyncio.StreamWriter. A handle: copies write to the
/// same stream, and when the last one is gone the connection is closed, as by close(). For the
/// loop's thread.
class StreamWriter {
public:
    /// For hocket's own parts.
    explicit StreamWriter(std::shared_ptr<detail::StreamState> stream) noexcept;
    StreamWriter(const StreamWriter& other) noexcept;
    StreamWriter(StreamWriter&& other) noexcept;
    StreamWriter& operator=(StreamWriter other) noexcept;
    ~StreamWriter();

    /// Sends `data`, or queues a copy: never waits; await drain() after it. Small writes of one
    /// turn leave together. Ignored once the connection is closing. Throws RuntimeError after
    /// write_eof.
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
    /// Waits until not too much is queued: at once, unless more than 64 KiB are; then until at most
    /// 16 KiB are. Throws std::system_error once the connection is lost. Cancelling ends only the
    /// wait.
    detail::Drain drain() { return detail::Drain(stream_); }

    /// Sends what is in a file, after what was written before: EventLoop::sendfile for streams.
    Coro<std::uint64_t> sendfile(int file, SendfileOptions options = {});
    template <detail::HasFileno F>
    Coro<std::uint64_t> sendfile(const F& file, SendfileOptions options = {}) {
        return sendfile(file.fileno(), options);
    }

    /// Not with TLS.
    [[nodiscard]] bool can_write_eof() const noexcept;
    /// Shuts down the writing side once everything is sent; the peer reads an end of file. Throws
    /// RuntimeError where that cannot be.
    void write_eof();

    /// Speaks TLS from here on: a handshake follows what is queued, and what its reader has not
    /// read yet counts as the peer's part of it. A client should say for whom the server's
    /// certificate must be: `{.server_hostname = "example.test"}`. A failure (SSLError,
    /// SSLCertVerificationError, std::system_error) or a cancellation closes the connection.
    /// RuntimeError when it speaks TLS already, or is closing.
    Coro<> start_tls(const SSLContext& context, const StartTlsOptions& options = {});

    /// Sends what is queued, then closes the connection.
    void close() noexcept;
    /// Closes the connection at once; what is queued is dropped. Python:
    /// `writer.transport.abort()`.
    void abort() noexcept;
    [[nodiscard]] bool is_closing() const noexcept;
    /// Waits until the connection is closed; throws what broke it. Cancelling ends only the wait.
    detail::WaitStreamClosed wait_closed() { return detail::WaitStreamClosed(stream_); }

    // Python's get_extra_info.
    [[nodiscard]] SocketAddress peername() const;
    /// This end's address; unknown once the connection is closed.
    [[nodiscard]] SocketAddress sockname() const;
    /// To set options on; not to read from, write to or close. Throws RuntimeError once the loop is
    /// closed.
    [[nodiscard]] Socket& socket() const;
    /// What there is to know about its TLS; false when it speaks none.
    [[nodiscard]] SSLObject ssl_object() const;

private:
    std::shared_ptr<detail::StreamState> stream_;
};

} // namespace hocket
