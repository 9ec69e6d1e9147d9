#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <hocket/engine/timer.hpp>

#include "engine/lifetime.hpp"
#include "engine/stream_transport.hpp"
#include "engine/tls_session.hpp"

namespace hocket::engine {

struct TlsTimeouts {
    Nanoseconds handshake = 60'000'000'000;
    Nanoseconds shutdown = 30'000'000'000; ///< The wait for close_notify from the peer.
};

/// TLS over a StreamTransport, with asyncio's semantics. It is the handler of the transport below
/// and a Stream to the layer above. Stored in its owner, which destroys it before the transport
/// below.
///
/// Data written in one turn is sent in as few records as possible with one send. Back-pressure
/// works in both directions: the water marks are those of the transport below, and pausing reading
/// pauses decryption and the socket. An idle TlsTransport has no buffers.
class TlsTransport final : public Stream,
                           private StreamHandler,
                           private CiphertextSink,
                           private TurnEnd {
public:
    /// `ssl` must be in connect or accept state. Throws std::bad_alloc.
    TlsTransport(Reactor& reactor, StreamTransport& below, SslPointer ssl,
                 const TlsTimeouts& timeouts, StreamHandler& above);
    ~TlsTransport();

    /// Starts the handshake; `received` is ciphertext that has already arrived. The owner starts or
    /// resumes the transport below.
    void start(std::string_view received = {}) noexcept;
    [[nodiscard]] bool is_handshake_done() const noexcept { return state_ != State::handshake; }

    /// Before the handshake is done, data is kept until then.
    bool write(std::string_view data) override;
    [[nodiscard]] unsigned ignored_writes() const noexcept override { return ignored_writes_; }

    /// TLS cannot end one direction only; the same in asyncio.
    [[nodiscard]] bool can_write_eof() const noexcept override { return false; }
    void write_eof() noexcept override {}
    [[nodiscard]] bool has_written_eof() const noexcept override { return false; }

    /// Sends the queued data and close_notify, and closes when the peer has sent its close_notify.
    void close() noexcept override;
    void abort() noexcept override;
    [[nodiscard]] bool is_closing() const noexcept override { return closing_; }

    /// The layer above may still write: on_eof decides that, as without TLS.
    void end_input_when_answered() noexcept override;

    void pause_reading() noexcept override;
    void resume_reading() noexcept override;
    [[nodiscard]] bool is_reading() const noexcept override { return !closing_ && !paused_; }

    [[nodiscard]] bool set_write_buffer_limits(std::optional<std::size_t> high,
                                               std::optional<std::size_t> low) noexcept override {
        return below_.set_write_buffer_limits(high, low);
    }
    [[nodiscard]] std::size_t high_water() const noexcept override { return below_.high_water(); }
    [[nodiscard]] std::size_t low_water() const noexcept override { return below_.low_water(); }
    [[nodiscard]] std::size_t write_buffer_size() const noexcept override {
        return below_.write_buffer_size() + gathered_size_ + (early_ ? early_->size() : 0);
    }

    [[nodiscard]] SSL* ssl() const noexcept { return session_.ssl(); }

private:
    enum class State : unsigned char {
        handshake,
        open,
        close_notify, ///< close_notify is sent, the peer's is awaited.
        finished,     ///< Nothing more is read or written; the transport below closes.
    };

    class Deadline final : public Timer {
    public:
        explicit Deadline(TlsTransport& owner) noexcept : owner_(owner) {}
        void expire() noexcept override { owner_.on_deadline(); }

    private:
        TlsTransport& owner_;
    };

    // Called by the transport below.
    void on_data(std::string_view ciphertext) noexcept override;
    bool on_eof() noexcept override;
    void on_closed(const Failure* failure) noexcept override;
    void on_pause_writing() noexcept override { above_.on_pause_writing(); }
    void on_resume_writing() noexcept override { above_.on_resume_writing(); }

    bool on_ciphertext(std::string_view data, bool more) noexcept override;
    void on_turn_end() noexcept override;
    void on_deadline() noexcept;

    void take(std::string_view ciphertext, const Lifetime::Watch& watch) noexcept;
    bool advance_handshake(const Lifetime::Watch& watch) noexcept;
    bool decrypt_once(const Lifetime::Watch& watch) noexcept;
    void end_input_if_answered() noexcept;
    void end_input() noexcept;
    void encrypt(std::string_view plaintext);
    void encrypt_gathered() noexcept;
    void finish_turn() noexcept;
    void send_close_notify() noexcept;
    void fail_session() noexcept;
    void finish() noexcept;
    void set_deadline(Nanoseconds after) noexcept;
    void clear_deadline() noexcept;
    [[nodiscard]] std::string peer_name() const;

    Reactor& reactor_;
    StreamTransport& below_;
    StreamHandler& above_;
    TlsSession session_;
    Deadline deadline_{*this};
    TlsTimeouts timeouts_;
    State state_ = State::handshake;
    bool closing_ = false;
    bool paused_ = false;      // pause_reading was called
    bool taking_ = false;      // inside take(): writes wait until it is done
    bool sends_now_ = false;   // nothing follows in this turn
    bool resuming_ = false;    // data held back is processed at the turn's end
    bool owes_answer_ = false; // data has arrived since the last write
    bool input_ends_ = false;  // end_input_when_answered was called
    bool input_ended_ = false; // received data is dropped
    unsigned ignored_writes_ = 0;
    std::unique_ptr<std::string> held_;  // ciphertext not processed because reading was paused
    std::unique_ptr<std::string> early_; // plaintext written before the handshake was done
    BulkMemory gathered_;                // plaintext of this turn, in one of the loop's blocks
    std::size_t gathered_size_ = 0;
    std::unique_ptr<Failure> failure_; // the reason why it finished
    Lifetime lifetime_;
};

} // namespace hocket::engine
