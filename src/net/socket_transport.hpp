#pragma once

#include <exception>
#include <memory>
#include <optional>

#include <hocket/event_loop.hpp>
#include <hocket/protocol.hpp>
#include <hocket/transport.hpp>

#include "net/connection_layers.hpp"
#include "net/tls_handshake.hpp"
#include "net/tracked_connection.hpp"

namespace hocket::detail {

/// A connection, or a pipe, with a protocol. The loop keeps the transport and the protocol alive
/// until the connection is closed.
class SocketTransport final : public Transport,
                              public engine::StreamHandler,
                              public TrackedConnection,
                              public std::enable_shared_from_this<SocketTransport> {
public:
    /// Use `open`.
    SocketTransport(EventLoop& loop, Socket socket, const SocketAddress& peer);
    SocketTransport(EventLoop& loop, engine::PipeChannel pipe);

    /// Takes over a connected socket, for `server` if that is not null: calls connection_made, then
    /// begins to read. With a `plan`, it does so after the `handshake`. Throws SSLError,
    /// ValueError.
    [[nodiscard]] static std::shared_ptr<SocketTransport>
    open(EventLoop& loop, Socket socket, const SocketAddress& peer, AnyProtocol protocol,
         std::shared_ptr<ServerState> server, const TlsPlan* plan = nullptr,
         std::shared_ptr<TlsHandshake> handshake = nullptr);
    /// The same for a pipe.
    [[nodiscard]] static std::shared_ptr<SocketTransport>
    open_pipe(EventLoop& loop, engine::PipeChannel pipe, AnyProtocol protocol);

    /// Begins a handshake on a connection without TLS. Throws RuntimeError if that is not possible,
    /// SSLError, ValueError.
    void start_tls(AnyProtocol protocol, const TlsPlan& plan,
                   std::shared_ptr<TlsHandshake> handshake);

    void write(std::string_view data) override;
    void write_eof() override;
    [[nodiscard]] bool can_write_eof() const noexcept override;
    void close() noexcept override;
    void abort() noexcept override;
    [[nodiscard]] bool is_closing() const noexcept override;
    void pause_reading() noexcept override;
    void resume_reading() noexcept override;
    [[nodiscard]] bool is_reading() const noexcept override;
    void set_write_buffer_limits(std::optional<std::size_t> high,
                                 std::optional<std::size_t> low) override;
    [[nodiscard]] std::pair<std::size_t, std::size_t>
    get_write_buffer_limits() const noexcept override;
    [[nodiscard]] std::size_t get_write_buffer_size() const noexcept override;
    void set_protocol(std::shared_ptr<Protocol> protocol) override;
    void set_protocol(std::shared_ptr<BufferedProtocol> protocol) override;
    [[nodiscard]] std::shared_ptr<BaseProtocol> get_protocol() const noexcept override;
    [[nodiscard]] SocketAddress peername() const noexcept override { return layers_.peer(); }
    [[nodiscard]] SocketAddress sockname() const noexcept override;
    [[nodiscard]] Socket& socket() noexcept override;
    [[nodiscard]] SSLObject ssl_object() const override { return layers_.ssl_object(); }
    [[nodiscard]] engine::StreamTransport* plain_stream() noexcept override {
        return layers_.plain_socket();
    }

    void close_connection() noexcept override { close(); }
    void abort_connection() noexcept override { abort(); }
    void finish_connection() noexcept override;
    void drop() noexcept override;

private:
    void begin(AnyProtocol protocol, std::shared_ptr<ServerState> server);

    std::span<std::byte> get_buffer(std::size_t hint) noexcept override;
    void on_buffer_filled(std::size_t count) noexcept override;
    void on_data(std::string_view data) noexcept override;
    bool on_eof() noexcept override;
    void on_closed(const engine::Failure* failure) noexcept override;
    void on_handshake_done() noexcept override;
    void on_pause_writing() noexcept override;
    void on_resume_writing() noexcept override;

    void make_connection() noexcept;
    void switch_to(AnyProtocol protocol);
    [[nodiscard]] engine::Stream* stream() const noexcept { return layers_.top(); }
    [[nodiscard]] BaseProtocol& protocol() const noexcept;
    /// Calls a callback of the protocol. An exception that it throws is reported as one in `what`,
    /// and aborts the transport.
    template <class Call> void guard(const char* what, Call call) noexcept;
    /// Like guard, but the transport continues.
    template <class Call> void guard_leniently(const char* what, Call call) noexcept;

    EventLoop& loop_;
    bool only_reads_ = false; // a pipe
    std::shared_ptr<Protocol> plain_;
    std::shared_ptr<BufferedProtocol> buffered_;
    std::shared_ptr<BaseProtocol>
        replaced_; // may have replaced itself in a callback that is still running
    std::exception_ptr callback_error_;       // why the transport aborted
    bool made_ = false;                       // connection_made was called
    std::shared_ptr<TlsHandshake> handshake_; // until it is over
    ConnectionLayers layers_;
    Socket none_; // what `socket` returns for a dropped connection
};

} // namespace hocket::detail
