#pragma once

#include "python.hpp"

#include <cstddef>
#include <cstdint>

#include <hocket/engine/intrusive_list.hpp>
#include <hocket/engine/ready_queue.hpp>

#include "engine/poller.hpp"

#include "output_queue.hpp"
#include "socket_name.hpp"

namespace hocket::python {

struct LoopObject;
struct ModuleState;
struct SocketTransport;

/// A transport's place in the engine's poller, in its ready queue, and in the loop's list of
/// transports that are watched. As in asyncio, the poll only makes it ready, and the turn runs it
/// in its order.
class TransportEvents final : public engine::Watcher,
                              public engine::Runnable,
                              public engine::ListLink {
public:
    void on_ready(std::uint32_t events) noexcept override;
    // The loop runs it itself, as it does handles: see ReadyNode.
    void run() noexcept override {}
    void discard() noexcept override;

    /// What is ready and wanted: the rest is of a watch that has ended. The queue's reference stays
    /// with the caller.
    [[nodiscard]] std::uint32_t take() noexcept { return std::exchange(pending_, 0) & interest(); }
    /// Puts back what a turn that was interrupted did not run.
    void put_back(std::uint32_t events) noexcept { on_ready(events & interest()); }

private:
    std::uint32_t pending_ = 0; // 0 if it is not in the ready queue
};

/// How received bytes go to the protocol.
enum class Receiver : std::uint8_t {
    data,   // Protocol.data_received
    buffer, // BufferedProtocol.get_buffer and buffer_updated
    stream, // the StreamReader of an asyncio.StreamReaderProtocol, directly
    tls,    // a TlsProtocol, directly
};

/// asyncio's transport of a connected stream socket: what `_SelectorSocketTransport` does, with the
/// same calls in the same order. The Python socket owns the descriptor.
///
/// While it is watched, the loop owns a reference.
struct SocketTransport {
    PyObject_HEAD PyObject* extra; // a slot of asyncio.BaseTransport; nullptr until it is needed
    PyObject* unused[4]; // slots of asyncio's _FlowControlMixin; this type has its attributes
    PyObject* dict;
    PyObject* weak_references;
    LoopObject* loop; // nullptr once connection_lost was called, like protocol and server
    PyObject* socket; // stays, closed, for get_extra_info
    PyObject* protocol;
    PyObject* server;
    PyObject* empty_waiter; // while a file is sent: asyncio's _empty_waiter
    PyObject* read_context; // as of the last start of reading, and of waiting for room
    PyObject* write_context;
    /// The descriptor in the Python socket, which is -1 once somebody closes that: by then, the
    /// number may be another file's.
    const int* socket_fd;
    int fd;                   // as it was in the beginning
    unsigned connection_lost; // asyncio's _conn_lost
    std::size_t high_water;
    std::size_t low_water;
    SocketName own_name;
    SocketName peer_name;
    TransportEvents events;
    OutputQueue output;
    Receiver receiver;
    bool receives_large; // what was received last was
    bool is_closing;
    bool is_paused;
    bool has_written_eof;
    bool is_protocol_connected;
    bool is_protocol_paused;
    bool is_ending; // connection_lost is called now
    bool is_closed; // connection_lost was called
};

[[nodiscard]] inline SocketTransport& transport_of(PyObject* object) noexcept {
    return *reinterpret_cast<SocketTransport*>(object);
}
[[nodiscard]] SocketTransport& transport_of(TransportEvents& events) noexcept;
[[nodiscard]] inline PyObject* object(SocketTransport& transport) noexcept {
    return reinterpret_cast<PyObject*>(&transport);
}

// Functions that return bool return false with an exception set. Callers own a reference to the
// transport.

// socket_transport.cpp

/// A new transport that will call connection_made. `waiter`, `extra` and `server` may be None.
struct TransportArguments {
    PyObject* socket;
    PyObject* protocol;
    PyObject* waiter;
    PyObject* extra;
    PyObject* server;
};
[[nodiscard]] PyObject* new_socket_transport(LoopObject& loop, const TransportArguments& arguments);

[[nodiscard]] bool set_protocol(SocketTransport& transport, PyObject* protocol);
/// Starts watching for EPOLLIN or EPOLLOUT, in the current context.
[[nodiscard]] bool watch(SocketTransport& transport, std::uint32_t event);
void unwatch(SocketTransport& transport, std::uint32_t event) noexcept;
/// Lets go of what the loop has of it.
void forget(SocketTransport& transport) noexcept;

[[nodiscard]] bool pause_reading(SocketTransport& transport);
[[nodiscard]] bool resume_reading(SocketTransport& transport);
[[nodiscard]] bool close(SocketTransport& transport);
/// asyncio's _force_close: `exception` may be None.
[[nodiscard]] bool force_close(SocketTransport& transport, PyObject* exception);
/// Reports the current exception and closes. Returns false if it must end the loop's run.
[[nodiscard]] bool fail(SocketTransport& transport, const char* message);
/// asyncio's _call_connection_lost.
[[nodiscard]] bool end(SocketTransport& transport, PyObject* exception);
/// For a transport that nobody has any more: warns, and closes the socket.
void abandon(SocketTransport& transport) noexcept;
/// In debug mode: `%r` in the message is the transport.
[[nodiscard]] bool log(SocketTransport& transport, const char* message);
/// To the loop's exception handler, with the transport and its protocol.
[[nodiscard]] bool report(SocketTransport& transport, PyObject* exception, const char* message);

// transport_reading.cpp
[[nodiscard]] bool read_ready(SocketTransport& transport);

// stream_feeding.cpp
[[nodiscard]] bool is_stream_protocol(const ModuleState& state, PyObject* protocol) noexcept;
/// For a stream protocol: data_received(bytes). `transport` is what the protocol knows as its own.
[[nodiscard]] bool feed_reader(const ModuleState& state, PyObject* protocol, PyObject* transport,
                               const char* bytes, Py_ssize_t count);

// transport_writing.cpp
[[nodiscard]] bool write(SocketTransport& transport, PyObject* data);
/// The same for bytes that are the caller's: what cannot be sent now is copied.
[[nodiscard]] bool write_copy(SocketTransport& transport, const char* bytes, std::size_t size);
[[nodiscard]] bool write_lines(SocketTransport& transport, PyObject* lines);
[[nodiscard]] bool write_eof(SocketTransport& transport);
[[nodiscard]] bool shut_down_writing(SocketTransport& transport);
[[nodiscard]] bool write_ready(SocketTransport& transport);
[[nodiscard]] bool pause_protocol_if_full(SocketTransport& transport);

/// What a turn of the loop runs when the socket is ready.
struct TransportStep {
    bool (*run)(SocketTransport& transport);
    const char* method; // of the transport, that does the same
    PyObject* SocketTransport::*context;
};
inline constexpr TransportStep reading_step{read_ready, "_read_ready",
                                            &SocketTransport::read_context};
inline constexpr TransportStep writing_step{write_ready, "_write_ready",
                                            &SocketTransport::write_context};

// socket_transport_type.cpp
extern PyType_Spec socket_transport_spec;
/// The size that asyncio's type must have for the attributes to begin after it.
extern const Py_ssize_t size_of_base;

/// Whether the current exception must end the loop's run: KeyboardInterrupt, SystemExit.
[[nodiscard]] inline bool ends_run() noexcept {
    return PyErr_ExceptionMatches(PyExc_KeyboardInterrupt) != 0 ||
           PyErr_ExceptionMatches(PyExc_SystemExit) != 0;
}

} // namespace hocket::python
