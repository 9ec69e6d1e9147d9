#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <wslay/wslay.h>

namespace hocket::websockets::detail {

enum class Opcode : std::uint8_t {
    text = WSLAY_TEXT_FRAME,
    binary = WSLAY_BINARY_FRAME,
    ping = WSLAY_PING,
    pong = WSLAY_PONG
};

/// What Frames finds in the bytes of a connection, and what it wants to be sent.
class FrameSink {
public:
    virtual void on_message(std::string message, bool is_text) = 0;
    virtual void on_pong(std::string_view payload) = 0;
    /// The peer's close frame; code 1005 if it had none, 1002 or 1007 if it was malformed.
    virtual void on_close(std::uint16_t code, std::string_view reason) = 0;
    virtual void write(std::string_view bytes) = 0;

protected:
    ~FrameSink() = default;
};

/// The frames of a WebSocket connection, without its I/O: wslay. Answers pings and close frames,
/// puts fragments together, and answers what breaks the protocol's rules with a close frame.
class Frames {
public:
    /// Throws std::bad_alloc.
    Frames(FrameSink& sink, bool is_server, std::size_t max_size);

    /// Parses as many of the bytes as the sink wants: see `stop`. Returns how many that were. May
    /// throw what the sink throws.
    [[nodiscard]] std::size_t receive(std::string_view bytes);
    /// Called by the sink: takes no more of the bytes than have been read already.
    void stop() noexcept { is_stopped_ = true; }

    /// Queues a message for `send`. Returns false once a close frame is queued.
    [[nodiscard]] bool queue(Opcode opcode, std::string_view data);
    /// Queues a message whose fragments follow: `add_fragment` sends as many as are queued.
    [[nodiscard]] bool begin_fragments(Opcode opcode);
    void add_fragment(std::string_view data, bool is_last);
    [[nodiscard]] bool queue_close(std::uint16_t code, std::string_view reason);
    /// Writes what is queued to the sink.
    void send();

    [[nodiscard]] bool close_sent() const noexcept;
    [[nodiscard]] bool close_received() const noexcept;
    /// The code of the close frame that was sent.
    [[nodiscard]] std::uint16_t sent_code() const noexcept;
    /// Whether nothing more can be received, because of a close frame or an error.
    [[nodiscard]] bool is_done() const noexcept;

private:
    struct Free {
        void operator()(wslay_event_context* context) const noexcept {
            wslay_event_context_free(context);
        }
    };

    void append(std::string_view data);
    void begin_frame(const wslay_event_on_frame_recv_start_arg& frame);
    void finish(const wslay_event_on_msg_recv_arg& message);

    // wslay is C: no exception may pass through it.
    static ssize_t on_receive(wslay_event_context_ptr context, std::uint8_t* into, std::size_t size,
                              int flags, void* self) noexcept;
    static ssize_t on_send(wslay_event_context_ptr context, const std::uint8_t* data,
                           std::size_t size, int flags, void* self) noexcept;
    static int make_mask(wslay_event_context_ptr context, std::uint8_t* into, std::size_t size,
                         void* self) noexcept;
    static void on_frame(wslay_event_context_ptr context,
                         const wslay_event_on_frame_recv_start_arg* frame, void* self) noexcept;
    static void on_chunk(wslay_event_context_ptr context,
                         const wslay_event_on_frame_recv_chunk_arg* chunk, void* self) noexcept;
    static void on_finished(wslay_event_context_ptr context,
                            const wslay_event_on_msg_recv_arg* message, void* self) noexcept;
    static ssize_t next_fragment(wslay_event_context_ptr context, std::uint8_t* into,
                                 std::size_t size, const wslay_event_msg_source* source,
                                 int* is_last, void* self) noexcept;

    FrameSink& sink_;
    std::unique_ptr<wslay_event_context, Free> context_;
    std::size_t max_size_;
    std::string_view input_;
    std::string message_;
    std::string fragments_;
    std::size_t fragments_sent_ = 0;
    bool has_last_fragment_ = false;
    bool is_control_ = false;
    bool is_stopped_ = false;
    bool is_refused_ = false; // a message is too large
};

} // namespace hocket::websockets::detail
