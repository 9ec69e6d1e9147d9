// What a transport does when its socket has data.

#include "socket_transport.hpp"

#include <cerrno>
#include <new>

#include <sys/socket.h>

#include "loop.hpp"
#include "tls_protocol.hpp"

namespace hocket::python {

namespace {

/// -1: nothing was received, and `succeeded` says whether that is an error.
struct Received {
    ssize_t count;
    bool succeeded;
};

Received receive(SocketTransport& transport, void* into, std::size_t size) {
    ssize_t count = 0;
    do {
        count = ::recv(*transport.socket_fd, into, size, 0);
    } while (count < 0 && errno == EINTR);
    if (count >= 0 || errno == EAGAIN) {
        return {count, true};
    }
    PyErr_SetFromErrno(PyExc_OSError);
    return {-1, fail(transport, "Fatal read error on socket transport")};
}

bool receive_eof(SocketTransport& transport) {
    if (transport.loop->is_debugging && !log(transport, "%r received EOF")) {
        return false;
    }
    const Ref protocol = Ref::to(transport.protocol);
    const Ref answer(
        PyObject_CallMethodNoArgs(protocol.get(), transport.loop->state->eof_received));
    if (!answer) {
        return fail(transport, "Fatal error: protocol.eof_received() call failed.");
    }
    const int keeps_open = PyObject_IsTrue(answer.get());
    if (keeps_open < 0) {
        return false;
    }
    if (keeps_open == 0) {
        return close(transport);
    }
    // The protocol may still write.
    unwatch(transport, engine::Watcher::readable);
    return true;
}

// From this size on, copying what was received costs more than a bytes object that is too large at
// first.
constexpr ssize_t large = 32 * 1024;

/// Receives into a new bytes object, for a connection whose last data was large. `data` stays empty
/// if nothing was received.
Received receive_large(SocketTransport& transport, Ref& data) {
    PyObject* bytes = PyBytes_FromStringAndSize(nullptr, LoopCore::receive_size);
    if (bytes == nullptr) {
        return {-1, fail(transport, "Fatal read error on socket transport")};
    }
    const Received received = receive(transport, PyBytes_AS_STRING(bytes), LoopCore::receive_size);
    if (received.count <= 0) {
        Py_DECREF(bytes);
        return received;
    }
    if (_PyBytes_Resize(&bytes, received.count) != 0) {
        return {-1, fail(transport, "Fatal read error on socket transport")};
    }
    data = Ref(bytes);
    return received;
}

/// Receives into the loop's buffer first: a bytes object of the right size is made then.
Received receive_small(SocketTransport& transport, Ref& data) {
    char* const buffer = transport.loop->core->receive_buffer();
    if (buffer == nullptr) {
        return {-1, fail(transport, "Fatal read error on socket transport")};
    }
    const Received received = receive(transport, buffer, LoopCore::receive_size);
    if (received.count > 0) {
        data = Ref(PyBytes_FromStringAndSize(buffer, received.count));
        if (!data) {
            return {-1, fail(transport, "Fatal read error on socket transport")};
        }
    }
    return received;
}

bool receive_data(SocketTransport& transport) {
    Ref data;
    const Received received =
        transport.receives_large ? receive_large(transport, data) : receive_small(transport, data);
    if (received.count < 0) {
        return received.succeeded;
    }
    if (received.count == 0) {
        return receive_eof(transport);
    }
    transport.receives_large = received.count >= large;
    const Ref protocol = Ref::to(transport.protocol);
    PyObject* const arguments[] = {protocol.get(), data.get()};
    const Ref done(
        PyObject_VectorcallMethod(transport.loop->state->data_received, arguments, 2, nullptr));
    return done || fail(transport, "Fatal error: protocol.data_received() call failed.");
}

/// Receives into the loop's buffer and calls `take(protocol, bytes, count)`.
template <class Take>
bool receive_in_place(SocketTransport& transport, const char* failed, Take take) {
    char* const buffer = transport.loop->core->receive_buffer();
    if (buffer == nullptr) {
        return fail(transport, "Fatal read error on socket transport");
    }
    const Received received = receive(transport, buffer, LoopCore::receive_size);
    if (received.count < 0) {
        return received.succeeded;
    }
    if (received.count == 0) {
        return receive_eof(transport);
    }
    const Ref protocol = Ref::to(transport.protocol);
    return take(protocol.get(), buffer, received.count) || fail(transport, failed);
}

bool receive_for_reader(SocketTransport& transport) {
    return receive_in_place(transport, "Fatal error: protocol.data_received() call failed.",
                            [&](PyObject* protocol, const char* bytes, Py_ssize_t count) {
                                return feed_reader(*transport.loop->state, protocol,
                                                   object(transport), bytes, count);
                            });
}

bool receive_for_tls(SocketTransport& transport) {
    return receive_in_place(transport, "Fatal error: protocol.buffer_updated() call failed.",
                            [](PyObject* protocol, const char* bytes, Py_ssize_t count) {
                                return tls_received(tls_of(protocol), bytes, count);
                            });
}

/// protocol.get_buffer(-1); nullptr with an exception set.
Ref get_buffer(const ModuleState& state, PyObject* protocol) {
    PyObject* const arguments[] = {protocol, state.minus_one};
    Ref buffer(PyObject_VectorcallMethod(state.get_buffer, arguments, 2, nullptr));
    const Py_ssize_t size = buffer ? PyObject_Size(buffer.get()) : -1;
    if (size == 0) {
        PyErr_SetString(PyExc_RuntimeError, "get_buffer() returned an empty buffer");
    }
    return size > 0 ? std::move(buffer) : Ref();
}

/// As of socket.recv_into().
bool get_writable(PyObject* object, Py_buffer& view) {
    if (PyObject_GetBuffer(object, &view, PyBUF_WRITABLE) == 0) {
        return true;
    }
    if (ends_run()) {
        return false;
    }
    PyErr_Clear();
    PyErr_Format(PyExc_TypeError,
                 "recv_into() argument 1 must be read-write bytes-like object, not %s",
                 Py_TYPE(object)->tp_name);
    return false;
}

bool receive_into_buffer(SocketTransport& transport) {
    const ModuleState& state = *transport.loop->state;
    Ref protocol = Ref::to(transport.protocol);
    const Ref buffer = get_buffer(state, protocol.get());
    if (!buffer) {
        return fail(transport, "Fatal error: protocol.get_buffer() call failed.");
    }
    Py_buffer view;
    if (!get_writable(buffer.get(), view)) {
        return fail(transport, "Fatal read error on socket transport");
    }
    // get_buffer() may have closed everything; the socket is -1 then.
    const Received received = receive(transport, view.buf, static_cast<std::size_t>(view.len));
    PyBuffer_Release(&view);
    if (received.count < 0 || transport.loop == nullptr) {
        return received.succeeded;
    }
    if (received.count == 0) {
        return receive_eof(transport);
    }
    const Ref count(PyLong_FromSsize_t(received.count));
    protocol = Ref::to(transport.protocol); // get_buffer() may have set another
    PyObject* const arguments[] = {protocol.get(), count.get()};
    const Ref done(count ? PyObject_VectorcallMethod(state.buffer_updated, arguments, 2, nullptr)
                         : nullptr);
    return done || fail(transport, "Fatal error: protocol.buffer_updated() call failed.");
}

} // namespace

bool read_ready(SocketTransport& transport) {
    if (transport.connection_lost != 0 || transport.is_closed) {
        return true;
    }
    switch (transport.receiver) {
    case Receiver::buffer: return receive_into_buffer(transport);
    case Receiver::stream: return receive_for_reader(transport);
    case Receiver::tls: return receive_for_tls(transport);
    default: return receive_data(transport);
    }
}

} // namespace hocket::python
