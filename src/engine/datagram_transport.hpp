#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include <hocket/engine/socket.hpp>
#include <hocket/engine/timer.hpp>

#include "engine/datagram_queue.hpp"
#include "engine/failure.hpp"
#include "engine/lifetime.hpp"
#include "engine/poller.hpp"
#include "engine/reactor.hpp"
#include "engine/water_marks.hpp"

namespace hocket::engine {

/// Receives the events of a DatagramTransport. Every call may close, abort or destroy the
/// transport.
class DatagramHandler {
public:
    /// `data` and `from` are valid during the call only. `from` is not known if it was sent by an
    /// unnamed Unix socket.
    virtual void on_datagram(std::string_view data, const SocketAddress& from) noexcept = 0;
    /// A datagram sent earlier was refused or could not be sent, or a received one was too long.
    /// The transport continues. May be called from within `send`.
    virtual void on_error(const Failure& failure) noexcept = 0;
    /// The transport is closed. This is the last call; it is made exactly once, never from within a
    /// call to the transport. `failure` is the reason, or nullptr after close or abort.
    virtual void on_closed(const Failure* failure) noexcept = 0;
    /// The queue has grown above the high-water mark, or has shrunk to the low-water mark again.
    virtual void on_pause_writing() noexcept {}
    virtual void on_resume_writing() noexcept {}

protected:
    ~DatagramHandler() = default;
};

/// Receives and sends datagrams with asyncio's transport semantics. Stored in its owner; destroying
/// it closes the socket without calling the handler.
///
/// Each turn calls recvmmsg once per socket, which receives up to 64 datagrams. Datagrams sent in
/// on_datagram leave when those are handled; all others leave at the end of the turn. One sendmmsg
/// sends up to 64.
class DatagramTransport final : private Watcher, private TurnEnd, private Timer {
public:
    /// How long to wait before retrying if the socket is reported as writable but accepts nothing.
    /// That happens with an unconnected Unix socket, which is not notified when its peer's queue
    /// has room again, and with a device that is out of buffers.
    static constexpr Nanoseconds retry_delay = 1'000'000;

    /// The socket is connected, or sends everything to `destination`; if that is not known, each
    /// datagram needs its own address. Throws std::bad_alloc.
    DatagramTransport(Reactor& reactor, Socket socket, const SocketAddress& destination,
                      DatagramHandler& handler);
    ~DatagramTransport();

    /// Starts receiving. Before this call, a new transport does nothing.
    void start() noexcept;

    /// Queues a copy of `data`, which may be empty, to be sent with the others of this turn. `to`
    /// must not be known if the transport has a destination. Returns false if the datagram was
    /// ignored because the transport is closing. Throws std::bad_alloc.
    bool send(std::string_view data, const SocketAddress& to = {});
    /// How many datagrams have been ignored.
    [[nodiscard]] unsigned ignored_sends() const noexcept { return ignored_sends_; }

    /// Stops receiving, sends the queued datagrams, then closes.
    void close() noexcept;
    /// Closes now; queued datagrams are lost.
    void abort() noexcept { end(std::nullopt); }
    [[nodiscard]] bool is_closing() const noexcept { return closing_; }

    /// Datagrams already received from the kernel (at most 64) are still delivered.
    void pause_reading() noexcept { paused_ = paused_ || !closing_; }
    void resume_reading() noexcept;
    [[nodiscard]] bool is_reading() const noexcept { return !closing_ && !paused_; }

    /// In bytes, counting eight more for each datagram. Defaults: `high` 64 KiB (or four times
    /// `low`), `low` a quarter of `high`. If low would be above high, returns false and changes
    /// nothing.
    [[nodiscard]] bool set_write_buffer_limits(std::optional<std::size_t> high,
                                               std::optional<std::size_t> low) noexcept;
    [[nodiscard]] std::size_t high_water() const noexcept { return marks_.high(); }
    [[nodiscard]] std::size_t low_water() const noexcept { return marks_.low(); }
    [[nodiscard]] std::size_t write_buffer_size() const noexcept { return queue_.size(); }

    [[nodiscard]] const Socket& socket() const noexcept { return socket_; }
    [[nodiscard]] Socket& socket() noexcept { return socket_; }
    /// The destination of all datagrams; not known if each has its own address.
    [[nodiscard]] const SocketAddress& destination() const noexcept { return destination_; }

private:
    void on_ready(std::uint32_t events) noexcept override;
    void on_turn_end() noexcept override;
    void expire() noexcept override;

    void report_queued_errors(const Lifetime::Watch& watch) noexcept;
    void receive() noexcept;
    void deliver(std::size_t count, const Lifetime::Watch& watch) noexcept;
    void flush() noexcept;
    void send_queued(const Lifetime::Watch& watch) noexcept;
    void report_unsent(std::error_code error) noexcept;
    void settle_after_flush(const Lifetime::Watch& watch) noexcept;
    void pause_writer_above_high_water() noexcept;
    void update_interest() noexcept;
    void end(std::optional<Failure> failure) noexcept;
    void notify_closed() noexcept;

    Reactor& reactor_;
    DatagramHandler& handler_;
    Socket socket_;
    SocketAddress destination_;
    bool is_ip_;
    bool is_connected_;
    bool started_ = false;
    bool paused_ = false;      // pause_reading was called
    bool closing_ = false;     // close or abort was called
    bool ended_ = false;       // nothing more is sent; on_closed is due at the turn's end
    bool socket_full_ = false; // waiting until the socket is writable or the timer expires
    bool busy_ = false;        // inside receive() or flush(), which sends the queue at its end
    unsigned ignored_sends_ = 0;
    WaterMarks marks_; // of the queue; `paused` if on_pause_writing was called last
    Lifetime lifetime_;
    std::unique_ptr<Failure> failure_;
    DatagramQueue queue_;
};

} // namespace hocket::engine
