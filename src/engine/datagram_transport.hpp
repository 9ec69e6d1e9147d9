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

/// Who is told what happens on a DatagramTransport. Every call may close, abort or destroy the
/// transport.
class DatagramHandler {
public:
    /// `data` and `from` are valid during the call only. `from` is not known when a Unix socket
    /// without a name sent it.
    virtual void on_datagram(std::string_view data, const SocketAddress& from) noexcept = 0;
    /// Something that was sent before was refused, could not be sent, or came too long to be
    /// received. The transport goes on. May come from within a call to `send`.
    virtual void on_error(const Failure& failure) noexcept = 0;
    /// The transport is closed: the last call, exactly one, never from within a call to the
    /// transport. `failure` is why, or nullptr after close or abort.
    virtual void on_closed(const Failure* failure) noexcept = 0;
    /// More than the high-water mark is queued; at most the low-water mark is queued again.
    virtual void on_pause_writing() noexcept {}
    virtual void on_resume_writing() noexcept {}

protected:
    ~DatagramHandler() = default;
};

/// Receives and sends datagrams with asyncio's transport semantics. Lives in its owner; destroying
/// it closes the socket without a word to the handler.
///
/// One recvmmsg takes up to 64 datagrams, and is all that a socket gets in a turn. What is sent in
/// on_datagram leaves when those are handled, what else is sent in a turn at its end, by one
/// sendmmsg for 64.
class DatagramTransport final : private Watcher, private TurnEnd, private Timer {
public:
    /// How long it rests when the socket says that it can be written to and takes nothing: an
    /// unconnected Unix socket, which is not told that its peer's queue has room again, or a device
    /// without buffers.
    static constexpr Nanoseconds retry_delay = 1'000'000;

    /// The socket is connected, or sends everything to `destination`, or (when that is not known)
    /// has to be told where each datagram goes. Throws std::bad_alloc.
    DatagramTransport(Reactor& reactor, Socket socket, const SocketAddress& destination,
                      DatagramHandler& handler);
    ~DatagramTransport();

    /// Begins to receive; nothing happens on a new transport before.
    void start() noexcept;

    /// Queues a copy of `data`, which may be empty, to leave with the others of this turn; `to` is
    /// not known on a transport with a destination. False: ignored, because the transport is
    /// closing. Throws std::bad_alloc.
    bool send(std::string_view data, const SocketAddress& to = {});
    /// How many datagrams were ignored so far.
    [[nodiscard]] unsigned ignored_sends() const noexcept { return ignored_sends_; }

    /// Stops receiving, sends what is queued, then closes.
    void close() noexcept;
    /// Closes now; what is queued is lost.
    void abort() noexcept { end(std::nullopt); }
    [[nodiscard]] bool is_closing() const noexcept { return closing_; }

    /// The datagrams that were taken from the kernel by then (64 at most) still come.
    void pause_reading() noexcept { paused_ = paused_ || !closing_; }
    void resume_reading() noexcept;
    [[nodiscard]] bool is_reading() const noexcept { return !closing_ && !paused_; }

    /// In bytes, eight more for each datagram. Defaults: high 64 KiB (or four times `low`), low a
    /// quarter of `high`. False, and nothing changed, when low would be above high.
    [[nodiscard]] bool set_write_buffer_limits(std::optional<std::size_t> high,
                                               std::optional<std::size_t> low) noexcept;
    [[nodiscard]] std::size_t high_water() const noexcept { return marks_.high(); }
    [[nodiscard]] std::size_t low_water() const noexcept { return marks_.low(); }
    [[nodiscard]] std::size_t write_buffer_size() const noexcept { return queue_.size(); }

    [[nodiscard]] const Socket& socket() const noexcept { return socket_; }
    [[nodiscard]] Socket& socket() noexcept { return socket_; }
    /// Where everything goes; not known when each datagram has an address.
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
    void tell_closed() noexcept;

    Reactor& reactor_;
    DatagramHandler& handler_;
    Socket socket_;
    SocketAddress destination_;
    bool is_ip_;
    bool is_connected_;
    bool started_ = false;
    bool paused_ = false;      // pause_reading was called
    bool closing_ = false;     // close or abort was called
    bool ended_ = false;       // nothing more goes out; on_closed is due at the turn's end
    bool socket_full_ = false; // wait until the socket is writable, or for the timer
    bool busy_ = false;        // inside receive() or flush(): what is sent leaves at its end
    unsigned ignored_sends_ = 0;
    WaterMarks marks_; // of the queue; paused: on_pause_writing was called last
    Lifetime lifetime_;
    std::unique_ptr<Failure> failure_;
    DatagramQueue queue_;
};

} // namespace hocket::engine
