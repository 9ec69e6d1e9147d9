#pragma once

#include <utility>

#include <hocket/detail/processes/shared/pipe_end.hpp>

namespace hocket {

template <class T> class PipeEnd;

/// Creates two connected ends, to be passed to the processes that communicate: Python's
/// multiprocessing.Pipe. If `duplex` is false, the first end only receives and the second only
/// sends. Throws std::system_error if no descriptors are left.
///
///     auto [ours, theirs] = hocket::Pipe<std::string>();
template <class T> std::pair<PipeEnd<T>, PipeEnd<T>> Pipe(bool duplex = true);

/// One end of a pipe that carries values of type T: Python's multiprocessing.connection.Connection.
/// Values arrive in order, each complete or not at all, even if the sender is killed while sending.
/// A value may contain shared memory, locks and pipes.
///
/// This is a handle: copies, including those sent to other processes, refer to the same end. The
/// other end learns that this one is closed only when all copies in all processes are closed, so
/// close copies that are not used. May be used from any thread and by any number of tasks; each
/// value goes to one of the receivers.
template <class T> class PipeEnd : public detail::PipeEndBase {
public:
    using value_type = T;

    PipeEnd() noexcept = default; ///< A closed end.

    /// Blocks until there is room for the value; the pipe holds about 100 KiB, and a value over 16
    /// KiB counts as a small one. Throws std::system_error if all copies of the other end are
    /// closed (EPIPE) or no descriptors are left, RuntimeError for an end that only receives,
    /// InvalidStateError if this end is closed, and ValueError if the value contains more than 253
    /// descriptors.
    void send(const T& value) const { send_message(detail::pack_message(value)); }
    /// Blocks until a value arrives. Throws EOFError when all copies of the other end are closed
    /// and everything has been received, std::system_error if no descriptors are left (the value is
    /// then lost), RuntimeError for an end that only sends, and InvalidStateError if this end is
    /// closed.
    T recv() const { return receive().template unpack<T>(); }

    /// Like send, but suspends the task. The value is copied at once; if the task is cancelled, it
    /// is not sent.
    [[nodiscard]] Coro<> send_async(const T& value) const {
        return send_in_task(*this, detail::pack_message(value));
    }
    /// Like recv, but suspends the task. Cancelling it loses no value.
    [[nodiscard]] Coro<T> recv_async() const { return receive_value(*this); }

private:
    friend std::pair<PipeEnd, PipeEnd> Pipe<T>(bool duplex);

    static void connect_ends(std::pair<PipeEnd, PipeEnd>& ends, bool duplex) {
        connect(ends.first, ends.second, duplex);
    }
    static Coro<T> receive_value(PipeEnd end) {
        detail::ReceivedMessage message = co_await receive_in_task(end);
        co_return message.template unpack<T>();
    }
};

template <class T> std::pair<PipeEnd<T>, PipeEnd<T>> Pipe(bool duplex) {
    std::pair<PipeEnd<T>, PipeEnd<T>> ends;
    PipeEnd<T>::connect_ends(ends, duplex);
    return ends;
}

} // namespace hocket
