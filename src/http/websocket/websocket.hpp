#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <hocket/event.hpp>
#include <hocket/handle.hpp>
#include <hocket/http/websocket_connection.hpp>
#include <hocket/http/websocket_options.hpp>
#include <hocket/protocol.hpp>

#include "http/websocket/frames.hpp"

namespace hocket::websockets::detail {

/// The options that both ends have.
struct ConnectionOptions {
    template <class Options>
    explicit ConnectionOptions(const Options& options)
        : max_size(options.max_size),
          max_queue(options.max_queue),
          ping_interval(options.ping_interval),
          ping_timeout(options.ping_timeout),
          close_timeout(options.close_timeout) {}

    std::size_t max_size;
    std::size_t max_queue;
    std::optional<std::chrono::nanoseconds> ping_interval;
    std::optional<std::chrono::nanoseconds> ping_timeout;
    std::optional<std::chrono::nanoseconds> close_timeout;
};

/// One end of a WebSocket connection after the opening handshake.
class WebSocket final : public Protocol,
                        public std::enable_shared_from_this<WebSocket>,
                        private FrameSink {
public:
    WebSocket(bool is_server, const ConnectionOptions& options);
    ~WebSocket() override;

    /// Takes over a connection. `received` came after the handshake.
    void start(std::shared_ptr<Transport> transport, std::string_view received);

    static Coro<Message> recv(std::shared_ptr<WebSocket> self);
    static Coro<> send(std::shared_ptr<WebSocket> self, Opcode opcode, std::string data);
    static Coro<> send_fragments(std::shared_ptr<WebSocket> self,
                                 AsyncGenerator<std::string> pieces, Opcode opcode);
    static Coro<std::chrono::nanoseconds> ping(std::shared_ptr<WebSocket> self,
                                               std::string payload);
    static Coro<> close(std::shared_ptr<WebSocket> self, std::uint16_t code, std::string reason);
    static Coro<> wait_closed(std::shared_ptr<WebSocket> self);
    void abort() noexcept;
    /// Sends what is possible at once. Returns false if the rest of the call must wait.
    [[nodiscard]] bool send_now(Opcode opcode, std::string_view data);
    /// Called when no handle is left: nobody will receive or send any more.
    void drop() noexcept;

    [[nodiscard]] bool is_closed() const noexcept { return is_lost_; }
    [[nodiscard]] std::optional<std::uint16_t> close_code() const noexcept;
    [[nodiscard]] const std::string& close_reason() const noexcept { return close_reason_; }
    [[nodiscard]] Transport* transport() const noexcept { return transport_.get(); }
    std::string subprotocol;
    std::string path;
    int handles = 0;

private:
    /// True as long as it lives.
    class Flag {
    public:
        explicit Flag(bool& flag) noexcept : flag_(flag) { flag_ = true; }
        Flag(const Flag&) = delete;
        Flag& operator=(const Flag&) = delete;
        ~Flag() { flag_ = false; }

    private:
        bool& flag_;
    };
    struct PendingPing {
        std::string payload;
        std::chrono::steady_clock::time_point sent_at;
        std::chrono::nanoseconds latency{};
        bool is_answered = false;
        Event changed;
    };

    void data_received(std::string_view data) override;
    bool eof_received() override;
    void connection_lost(std::exception_ptr error) override;
    void pause_writing() override { writable_.clear(); }
    void resume_writing() override { writable_.set(); }

    void on_message(std::string message, bool is_text) override;
    void on_pong(std::string_view payload) override;
    void on_close(std::uint16_t code, std::string_view reason) override;
    void write(std::string_view bytes) override;

    void receive(std::string_view data);
    void flush();
    void update_reading();
    [[nodiscard]] bool is_full() const noexcept;
    void begin_close(std::uint16_t code, std::string_view reason);
    void abort_after(const std::optional<std::chrono::nanoseconds>& timeout);
    void schedule_ping();
    void keep_alive();
    [[noreturn]] void throw_closed() const;
    static Coro<> drain(WebSocket& socket);

    const bool is_server_;
    const ConnectionOptions options_;
    Frames frames_;
    std::shared_ptr<Transport> transport_;
    std::deque<Message> messages_;
    std::size_t queued_bytes_ = 0;
    std::string unparsed_; // received while enough messages wait
    Event changed_;        // a message, or the end
    Event writable_;
    Event closed_;
    Event fragments_sent_;
    std::deque<PendingPing*> pings_;
    Handle ping_timer_;
    Handle close_timer_;
    std::optional<std::uint16_t> received_code_;
    std::optional<std::uint16_t> sent_code_;
    std::string close_reason_;
    std::exception_ptr error_;
    std::uint64_t next_ping_ = 1;
    bool is_receiving_ = false; // a task waits in recv
    bool is_paused_ = false;
    bool is_lost_ = false;
    bool is_ending_ = false; // both close frames are sent, or the peer will send none
    bool has_ended_writing_ = false;
    bool is_sending_fragments_ = false;
    bool awaits_keep_alive_ = false;
};

} // namespace hocket::websockets::detail
