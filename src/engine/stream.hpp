#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace hocket::engine {

/// A write of at least this size is sent at once and separately, with TLS as a separate record:
/// copying it would cost more than the system call that it might save.
inline constexpr std::size_t direct_write_size = 4096;

/// The interface of a connection to the layer above, regardless of what carries its bytes: a socket
/// (StreamTransport) or TLS over one (TlsTransport). Its events are passed to a StreamHandler.
class Stream {
public:
    Stream() noexcept = default;
    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;

    /// Sends `data`, or queues the part that cannot be sent now. Returns false if it was ignored
    /// because the stream is closing. Must not be called after write_eof. Throws std::bad_alloc.
    virtual bool write(std::string_view data) = 0;
    /// How many writes have been ignored.
    [[nodiscard]] virtual unsigned ignored_writes() const noexcept = 0;

    /// Whether one direction can be closed separately.
    [[nodiscard]] virtual bool can_write_eof() const noexcept = 0;
    /// Shuts down the writing side once the queue has been sent. Call it only if can_write_eof().
    virtual void write_eof() noexcept = 0;
    [[nodiscard]] virtual bool has_written_eof() const noexcept = 0;

    /// Stops reading, sends the queued data, then closes.
    virtual void close() noexcept = 0;
    /// Closes now; queued data is lost.
    virtual void abort() noexcept = 0;
    [[nodiscard]] virtual bool is_closing() const noexcept = 0;

    /// Ends the input as soon as the peer's last data has been answered: now if nothing has arrived
    /// since the last write, otherwise with the next write. Data that has arrived by then is read
    /// first; then on_eof is called.
    virtual void end_input_when_answered() noexcept = 0;

    virtual void pause_reading() noexcept = 0;
    virtual void resume_reading() noexcept = 0;
    [[nodiscard]] virtual bool is_reading() const noexcept = 0;

    /// In bytes. Defaults: `high` 64 KiB (or four times `low`), `low` a quarter of `high`. If low
    /// would be above high, returns false and changes nothing.
    [[nodiscard]] virtual bool set_write_buffer_limits(std::optional<std::size_t> high,
                                                       std::optional<std::size_t> low) noexcept = 0;
    [[nodiscard]] virtual std::size_t high_water() const noexcept = 0;
    [[nodiscard]] virtual std::size_t low_water() const noexcept = 0;
    [[nodiscard]] virtual std::size_t write_buffer_size() const noexcept = 0;

protected:
    ~Stream() = default;
};

} // namespace hocket::engine
