#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace hocket::engine {

/// A write of at least this size goes out at once and alone, with TLS as a record of its own:
/// copying it would cost more than the system call that it might save.
inline constexpr std::size_t direct_write_size = 4096;

/// What a connection is to those above it, whatever carries its bytes: a socket (StreamTransport),
/// or TLS over one (TlsTransport). What happens on it is told to a StreamHandler.
class Stream {
public:
    Stream() noexcept = default;
    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;

    /// Sends `data`, or queues what cannot be sent now. False: ignored, because the stream is
    /// closing. Not after write_eof. Throws std::bad_alloc.
    virtual bool write(std::string_view data) = 0;
    /// How many writes were ignored so far.
    [[nodiscard]] virtual unsigned ignored_writes() const noexcept = 0;

    /// Whether one direction can be closed alone.
    [[nodiscard]] virtual bool can_write_eof() const noexcept = 0;
    /// Shuts down the writing side when what is queued is out. Only where can_write_eof().
    virtual void write_eof() noexcept = 0;
    [[nodiscard]] virtual bool has_written_eof() const noexcept = 0;

    /// Stops reading, sends what is queued, then closes.
    virtual void close() noexcept = 0;
    /// Closes now; what is queued is lost.
    virtual void abort() noexcept = 0;
    [[nodiscard]] virtual bool is_closing() const noexcept = 0;

    /// Ends the input as soon as the peer is owed no answer: now, when nothing has come since the
    /// last write, or else with the next write. What has arrived by then is read first; on_eof
    /// follows.
    virtual void end_input_when_answered() noexcept = 0;

    virtual void pause_reading() noexcept = 0;
    virtual void resume_reading() noexcept = 0;
    [[nodiscard]] virtual bool is_reading() const noexcept = 0;

    /// In bytes. Defaults: high 64 KiB (or four times `low`), low a quarter of `high`. False, and
    /// nothing changed, when low would be above high.
    [[nodiscard]] virtual bool set_write_buffer_limits(std::optional<std::size_t> high,
                                                       std::optional<std::size_t> low) noexcept = 0;
    [[nodiscard]] virtual std::size_t high_water() const noexcept = 0;
    [[nodiscard]] virtual std::size_t low_water() const noexcept = 0;
    [[nodiscard]] virtual std::size_t write_buffer_size() const noexcept = 0;

protected:
    ~Stream() = default;
};

} // namespace hocket::engine
