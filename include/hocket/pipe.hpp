#pragma once

#include <utility>

#include <hocket/detail/processes/shared/pipe_end.hpp>

namespace hocket {

template <class T> class PipeEnd;

/// Two connected ends, to be passed to the processes that talk to each other: Python's
/// multiprocessing.Pipe. With `duplex` false, the first end only receives and the second only
/// sends. Throws std::system_error when out of descriptors.
///
///     auto [ours, theirs] = hocket::Pipe<std::string>();
template <class T> std::pair<PipeEnd<T>, PipeEnd<T>> Pipe(bool duplex = true);

/// One end of a pipe that carries values of type T: Python's multiprocessing.connection.Connection.
/// A value comes whole or not at all, in order, also when its sender is killed as it sends; shared
/// memory, locks and pipes in it come along.
///
/// A handle: copies, and what arrives in another process, are the same end. The other end learns
/// that nobody is left here when all copies in all processes are closed, so keep none that are not
/// used. Any thread, any number of tasks; each value goes to one of those that receive.
template <class T> class PipeEnd : public detail::PipeEndBase {
public:
    using value_type = T;

    PipeEnd() noexcept = default; ///< A closed end.

    /// Blocks until there is room for the value: about 100 KiB of them, a value over 16 KiB counts
    /// as a small one. Throws std::system_error (EPIPE) when nobody is left at the other end or
    /// when out of descriptors, RuntimeError for an end that only receives, InvalidStateError when
    /// closed, ValueError when more than 253 descriptors would come along.
    void send(const T& value) const { send_message(detail::pack_message(value)); }
    /// Blocks until a value comes. Throws EOFError when nobody is left at the other end and
    /// everything has been received, std::system_error (and the value is lost) when out of
    /// descriptors, RuntimeError for an end that only sends, InvalidStateError when closed.
    T recv() const { return receive().template unpack<T>(); }

    /// As send, but suspends the task. The value is taken at once; when the task is cancelled it is
    /// not sent.
    [[nodiscard]] Coro<> send_async(const T& value) const {
        return send_in_task(*this, detail::pack_message(value));
    }
    /// As recv, but suspends the task. Cancelling it loses nothing.
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
