#pragma once

#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include <hocket/datagram_protocol.hpp>
#include <hocket/datagram_transport.hpp>
#include <hocket/detail/net/datagram_factory.hpp>
#include <hocket/event_loop.hpp>

#include "engine/datagram_transport.hpp"
#include "net/tracked_connection.hpp"

namespace hocket::detail {

/// A datagram socket with a protocol. The loop keeps the transport and the protocol alive until the
/// transport is closed.
class DatagramSocketTransport final : public DatagramTransport,
                                      public engine::DatagramHandler,
                                      public TrackedConnection,
                                      public std::enable_shared_from_this<DatagramSocketTransport> {
public:
    /// Use `open`.
    DatagramSocketTransport(EventLoop& loop, DatagramSocket socket,
                            std::shared_ptr<DatagramProtocol> protocol);

    /// Takes over the socket: calls connection_made, then begins to receive.
    [[nodiscard]] static std::shared_ptr<DatagramSocketTransport>
    open(EventLoop& loop, DatagramSocket socket, std::shared_ptr<DatagramProtocol> protocol);

    void sendto(std::string_view data, const SocketAddress& addr) override;
    void close() noexcept override;
    void abort() noexcept override;
    [[nodiscard]] bool is_closing() const noexcept override;
    void set_write_buffer_limits(std::optional<std::size_t> high,
                                 std::optional<std::size_t> low) override;
    [[nodiscard]] std::pair<std::size_t, std::size_t>
    get_write_buffer_limits() const noexcept override;
    [[nodiscard]] std::size_t get_write_buffer_size() const noexcept override;
    [[nodiscard]] SocketAddress peername() const noexcept override;
    [[nodiscard]] SocketAddress sockname() const noexcept override;
    [[nodiscard]] Socket& socket() const noexcept override;

    void close_connection() noexcept override { close(); }
    void abort_connection() noexcept override { abort(); }
    void drop() noexcept override;

private:
    void on_datagram(std::string_view data, const SocketAddress& from) noexcept override;
    void on_error(const engine::Failure& failure) noexcept override;
    void on_closed(const engine::Failure* failure) noexcept override;
    void on_pause_writing() noexcept override;
    void on_resume_writing() noexcept override;

    /// Calls a callback of the protocol. An exception that it throws is reported as one in `what`.
    template <class Call> void guard(const char* what, Call call) noexcept;

    EventLoop& loop_;
    SocketAddress peer_;
    std::shared_ptr<DatagramProtocol> protocol_;
    mutable std::optional<engine::DatagramTransport> datagrams_; // until the loop is closed
    mutable Socket none_; // what `socket` returns after the loop is closed
};

} // namespace hocket::detail
