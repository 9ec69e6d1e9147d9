#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include <hocket/engine/socket.hpp>

#include "engine/failure.hpp"
#include "engine/lifetime.hpp"
#include "engine/pipe_channel.hpp"
#include "engine/poller.hpp"
#include "engine/reactor.hpp"
#include "engine/stream.hpp"
#include "engine/water_marks.hpp"
#include "engine/write_queue.hpp"

namespace hocket::engine {

/// Receives the events of a StreamTransport. Every call may close, abort or destroy the transport.
class StreamHandler {
public:
    /// Returns the buffer for the next bytes; `on_buffer_filled` follows. If it returns an empty
    /// one, the bytes go to a buffer of the loop and are passed to `on_data`. `hint` is a good
    /// size.
    virtual std::span<std::byte> get_buffer(std::size_t hint) noexcept {
        static_cast<void>(hint);
        return {};
    }
    virtual void on_buffer_filled(std::size_t count) noexcept { static_cast<void>(count); }
    /// `data` is valid during the call only.
    virtual void on_data(std::string_view data) noexcept = 0;
    /// The peer has shut down its side. Return true to keep the transport open for writing.
    virtual bool on_eof() noexcept = 0;
    /// The transport is closed. This is the last call; it is made exactly once, never from within a
    /// call to the transport. `failure` is the reason, or nullptr after close, abort or an end of
    /// file.
    virtual void on_closed(const Failure* failure) noexcept = 0;
    /// The queue has grown above the high-water mark, or has shrunk to the low-water mark again.
    virtual void on_pause_writing() noexcept {}
    virtual void on_resume_writing() noexcept {}
    /// Called only by a TlsTransport: the handshake is done and data may arrive. If the handshake
    /// fails, only on_closed is called.
    virtual void on_handshake_done() noexcept {}

protected:
    ~StreamHandler() = default;
};

/// Sends data, such as a file, directly to a transport's socket, bypassing its queue. Stored in its
/// owner.
class DirectSend {
public:
    /// Called when everything queued before has been sent and the socket may accept more. Returns
    /// whether to call again when the socket is writable again.
    virtual bool send_some(Socket& socket) noexcept = 0;
    /// The transport has ended; nothing more will be sent. `failure` as in on_closed.
    virtual void on_transport_ended(const Failure* failure) noexcept = 0;

protected:
    ~DirectSend() = default;
};

/// Reads from and writes to a connected stream socket with asyncio's transport semantics, or reads
/// from or writes to a pipe. Stored in its owner; destroying it closes the socket or pipe without
/// calling the handler.
///
/// Needs one recv and one send per message: no read after a short read, no epoll_ctl in between.
/// Small writes made inside on_data are sent when the read is done, other small writes at the end
/// of the turn, in one gathered write in each case. A large write is sent at once from the caller's
/// memory.
class StreamTransport final : public Stream, private Watcher, private TurnEnd {
public:
    /// `peer` is used in error messages and must outlive the transport; nullptr if unknown.
    StreamTransport(Reactor& reactor, Socket socket, const SocketAddress* peer,
                    StreamHandler& handler) noexcept;
    /// One direction only. A pipe for reading is closed at its end, regardless of what `on_eof`
    /// returns. A pipe for writing is closed by write_eof, or when its last reader is gone: with
    /// EPIPE if data is queued, otherwise without a failure. Throws std::bad_alloc.
    StreamTransport(Reactor& reactor, PipeChannel pipe, StreamHandler& handler);
    ~StreamTransport();

    /// Starts reading. Before this call, a new transport does nothing.
    void start() noexcept;

    void set_handler(StreamHandler& handler) noexcept { handler_ = &handler; }

    bool write(std::string_view data) override;
    [[nodiscard]] unsigned ignored_writes() const noexcept override { return ignored_writes_; }

    /// Like write, for a layer above that must not be called back while it writes: on_pause_writing
    /// is postponed until notify_writer(). With `more`, more data of the same flight follows, and
    /// only large amounts are sent before that; with `now`, nothing else follows in this turn.
    void put(std::string_view data, bool more = false, bool now = false);
    void notify_writer() noexcept;
    /// Sends the queue now instead of at the end of the turn.
    void flush_now() noexcept;

    /// Once the queue has been sent, lets `direct` send until it is done or the transport ends;
    /// never calls it from within this call. Meanwhile nothing may be written; close and write_eof
    /// wait for it. Only one at a time.
    void start_direct_send(DirectSend& direct) noexcept;
    /// Cancels it.
    void cancel_direct_send() noexcept;
    [[nodiscard]] bool is_sending_directly() const noexcept { return direct_ != nullptr; }

    [[nodiscard]] bool can_write_eof() const noexcept override { return true; }
    void write_eof() noexcept override;
    [[nodiscard]] bool has_written_eof() const noexcept override { return eof_written_; }

    void close() noexcept override;
    void abort() noexcept override { end(std::nullopt); }
    /// Like abort, but on_closed gets `failure`.
    void fail(Failure failure) noexcept { end(std::move(failure)); }
    [[nodiscard]] bool is_closing() const noexcept override { return closing_; }
    /// Whether on_closed has been called.
    [[nodiscard]] bool is_closed() const noexcept { return closed_; }

    void end_input_when_answered() noexcept override;

    void pause_reading() noexcept override { paused_ = paused_ || !closing_; }
    void resume_reading() noexcept override;
    [[nodiscard]] bool is_reading() const noexcept override { return !closing_ && !paused_; }

    [[nodiscard]] bool set_write_buffer_limits(std::optional<std::size_t> high,
                                               std::optional<std::size_t> low) noexcept override;
    [[nodiscard]] std::size_t high_water() const noexcept override { return marks_.high(); }
    [[nodiscard]] std::size_t low_water() const noexcept override { return marks_.low(); }
    [[nodiscard]] std::size_t write_buffer_size() const noexcept override { return queue_.size(); }

    [[nodiscard]] const Socket& socket() const noexcept { return socket_; }
    [[nodiscard]] Socket& socket() noexcept { return socket_; }
    /// The peer for error messages: "127.0.0.1 port 80", "a pipe".
    [[nodiscard]] std::string peer_text() const;
    /// The pipe's descriptor, or the socket's.
    [[nodiscard]] int fileno() const noexcept { return pipe_ ? pipe_->fileno() : socket_.fileno(); }

private:
    void on_ready(std::uint32_t events) noexcept override;
    void on_turn_end() noexcept override;

    [[nodiscard]] bool wants_data() const noexcept { return is_reading() && !eof_received_; }
    [[nodiscard]] bool watches_readers() const noexcept {
        return pipe_ != nullptr && pipe_->is_for_writing();
    }
    void read(const Lifetime::Watch& watch) noexcept;
    bool read_once(std::size_t& budget, const Lifetime::Watch& watch) noexcept;
    void receive_eof(const Lifetime::Watch& watch) noexcept;
    void handle_readers_gone() noexcept;
    std::size_t send(std::string_view tail) noexcept;
    [[nodiscard]] bool needs_flush() const noexcept;
    void flush() noexcept;
    void settle_after_flush() noexcept;
    void send_directly() noexcept;
    void wait_until_writable(bool wanted) noexcept;
    void pause_writer_above_high_water() noexcept;
    void update_interest() noexcept;
    void end_input_if_answered() noexcept;
    void fail_call(const char* call, std::error_code error) noexcept;
    void end(std::optional<Failure> failure) noexcept;
    void notify_closed() noexcept;

    Reactor& reactor_;
    StreamHandler* handler_;
    Socket socket_;
    std::unique_ptr<PipeChannel> pipe_; // instead of the socket
    bool started_ = false;
    bool paused_ = false;       // pause_reading was called
    bool eof_received_ = false; // from the peer
    bool owes_answer_ = false;  // data has arrived since the last write
    bool input_ends_ = false;   // end_input_when_answered was called, and the answer is still owed
    bool eof_written_ = false;  // requested; may still wait for the queue
    bool closing_ = false;      // close or abort was called, or an error closed it
    bool ended_ = false;        // nothing more is sent; on_closed is due at the turn's end
    bool closed_ = false;       // on_closed was called
    bool socket_full_ = false;  // the last write was short: wait until writable
    bool reading_ = false;      // inside read(): writes wait until it is done
    bool always_ready_ = false; // a file, which epoll does not support: read once per turn
    unsigned ignored_writes_ = 0;
    WaterMarks marks_; // of the queue; `paused` if on_pause_writing was called last
    Lifetime lifetime_;
    DirectSend* direct_ = nullptr;
    std::unique_ptr<Failure> failure_;
    const SocketAddress* peer_; // of the socket
    WriteQueue queue_;
};

} // namespace hocket::engine
