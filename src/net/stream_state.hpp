#pragma once

#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <hocket/detail/sync/waiter.hpp>
#include <hocket/event_loop.hpp>
#include <hocket/socket.hpp>
#include <hocket/stream_reader.hpp>

#include "net/connection_layers.hpp"
#include "net/read_buffer.hpp"
#include "net/tls_handshake.hpp"
#include "net/tracked_connection.hpp"

namespace hocket::detail {

/// A connection, or a pipe, with streams: the state that its StreamReaders and StreamWriters share.
/// The loop keeps it alive until the connection is closed. The connection is closed when the last
/// writer is destroyed.
class StreamState final : public engine::StreamHandler,
                          public TrackedConnection,
                          public std::enable_shared_from_this<StreamState> {
public:
    /// Use `open`.
    StreamState(EventLoop& loop, Socket socket, const SocketAddress& peer, std::size_t limit);

    StreamState(EventLoop& loop, engine::PipeChannel pipe, std::size_t limit);

    /// Takes over a connected socket, for `server` if that is not null, and begins to read; with a
    /// `plan`, after the `handshake`. Throws SSLError, ValueError.
    [[nodiscard]] static std::shared_ptr<StreamState>
    open(EventLoop& loop, Socket socket, const SocketAddress& peer, std::size_t limit,
         std::shared_ptr<ServerState> server, const TlsPlan* plan = nullptr,
         std::shared_ptr<TlsHandshake> handshake = nullptr);
    /// Takes over a pipe, and begins to read if it is open for reading.
    [[nodiscard]] static std::shared_ptr<StreamState>
    open_pipe(EventLoop& loop, engine::PipeChannel pipe, std::size_t limit);

    /// Begins a handshake on a stream without TLS. Bytes that its reader has not read yet are taken
    /// as the peer's part of the handshake. Throws RuntimeError if that is not possible, SSLError,
    /// ValueError.
    void start_tls(const TlsPlan& plan, std::shared_ptr<TlsHandshake> handshake);
    [[nodiscard]] bool is_servers() const noexcept { return is_servers_; }
    [[nodiscard]] SSLObject ssl_object() const { return layers_.ssl_object(); }

    [[nodiscard]] EventLoop& loop() const noexcept { return loop_; }
    [[nodiscard]] StreamReader reader();
    /// A reader that closes the pipe when its last copy is destroyed, as the last writer of a
    /// connection does. Call this once.
    [[nodiscard]] StreamReader pipe_reader();
    /// nullptr once the loop is closed.
    [[nodiscard]] engine::Stream* stream() const noexcept { return layers_.top(); }
    /// nullptr once the loop is closed.
    [[nodiscard]] engine::StreamTransport* transport() noexcept { return layers_.socket(); }
    /// See ConnectionLayers.
    [[nodiscard]] engine::StreamTransport* plain_socket() noexcept {
        return layers_.plain_socket();
    }
    [[nodiscard]] const SocketAddress& peer() const noexcept { return layers_.peer(); }
    [[nodiscard]] std::string peer_text() const;

    void add_writer() noexcept { ++writers_; }
    void remove_writer() noexcept;

    void write(std::string_view data);
    [[nodiscard]] bool is_closing() const noexcept {
        return stream() == nullptr || stream()->is_closing();
    }
    [[nodiscard]] bool is_lost() const noexcept { return lost_; }
    [[nodiscard]] bool is_writing_paused() const noexcept { return writing_paused_; }
    /// Why the connection was lost; nullptr if it was closed.
    [[nodiscard]] const std::exception_ptr& error() const noexcept { return error_; }
    [[nodiscard]] const std::exception_ptr& read_error() const noexcept {
        return input_.exception();
    }
    WaitQueue& drain_waiters() noexcept { return drain_waiters_; }
    WaitQueue& close_waiters() noexcept { return close_waiters_; }

    void close_connection() noexcept override;
    void abort_connection() noexcept override;
    void finish_connection() noexcept override;
    void drop() noexcept override;

private:
    std::span<std::byte> get_buffer(std::size_t hint) noexcept override;
    void on_buffer_filled(std::size_t count) noexcept override { input_.direct_filled(count); }
    void on_data(std::string_view data) noexcept override;
    bool on_eof() noexcept override;
    void on_closed(const engine::Failure* failure) noexcept override;
    void on_handshake_done() noexcept override;
    void on_pause_writing() noexcept override { writing_paused_ = true; }
    void on_resume_writing() noexcept override;

    EventLoop& loop_;
    const char* pipe_name_ = nullptr; // of a pipe; nullptr otherwise
    bool writing_paused_ = false;
    bool lost_ = false;
    bool is_servers_ = false; // whether this is the server's end of the connection
    unsigned writers_ = 0;
    std::exception_ptr error_;
    ReadBuffer input_;
    WaitQueue drain_waiters_;
    WaitQueue close_waiters_;
    std::shared_ptr<TlsHandshake> handshake_; // until it is over
    ConnectionLayers layers_;
};

/// After how many ignored writes a closed connection is reported: asyncio's
/// LOG_THRESHOLD_FOR_CONNLOST_WRITES.
inline constexpr unsigned ignored_writes_to_report = 5;

/// Reports ignored writes on a closed connection to the loop's exception handler, once for each
/// connection.
void report_ignored_writes(EventLoop& loop, const std::string& peer) noexcept;

/// Makes the exception for an error of the engine.
[[nodiscard]] std::exception_ptr make_system_error(const engine::Failure& failure);

} // namespace hocket::detail
