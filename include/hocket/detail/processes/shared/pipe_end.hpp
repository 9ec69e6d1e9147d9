#pragma once

#include <chrono>
#include <cstdint>
#include <memory>

#include <hocket/coro.hpp>
#include <hocket/detail/loop/deadline.hpp>
#include <hocket/detail/processes/calls/received_message.hpp>

namespace hocket::detail {

/// The common part of all PipeEnd types.
class PipeEndBase {
public:
    PipeEndBase() noexcept = default; ///< A closed end.

    /// Whether `recv` would return, or throw EOFError, at once. Throws RuntimeError for an end that
    /// only sends.
    [[nodiscard]] bool poll() const { return poll(std::chrono::seconds(0)); }
    /// Blocks for at most `timeout` until `recv` would do so.
    template <class Rep, class Period>
    [[nodiscard]] bool poll(std::chrono::duration<Rep, Period> timeout) const {
        return poll_until(deadline_after(timeout));
    }

    /// Closes all copies of this end in this process. Must not be called while another thread uses
    /// the end. A task that waits for it keeps waiting.
    void close() noexcept;
    [[nodiscard]] bool closed() const noexcept;
    /// The descriptor, for select() and the like. Throws InvalidStateError if the end is closed.
    [[nodiscard]] int fileno() const;
    [[nodiscard]] bool readable() const noexcept { return readable_; }
    [[nodiscard]] bool writable() const noexcept { return writable_; }

    /// Throws RuntimeError unless it is packed as part of a message to another process.
    template <class Packer> void msgpack_pack(Packer& packer) const {
        packer.pack_array(3);
        packer.pack(attach_descriptor(fileno()));
        packer.pack(readable_);
        packer.pack(writable_);
    }
    void msgpack_unpack(const msgpack::object& object);

protected:
    static void connect(PipeEndBase& a, PipeEndBase& b, bool duplex);
    void send_message(Message message) const;
    [[nodiscard]] ReceivedMessage receive() const;
    static Coro<> send_in_task(PipeEndBase end, Message message);
    static Coro<ReceivedMessage> receive_in_task(PipeEndBase end);

private:
    [[nodiscard]] bool poll_until(const Deadline& deadline) const;
    void require_readable() const;
    void require_writable() const;
    [[nodiscard]] bool try_send(const Message& message) const;
    [[nodiscard]] bool try_receive(ReceivedMessage& message) const;

    std::shared_ptr<engine::FileDescriptor> socket_;
    bool readable_ = true;
    bool writable_ = true;
};

} // namespace hocket::detail
