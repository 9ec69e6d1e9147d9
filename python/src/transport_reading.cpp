// What a transport does when its socket has data.

#include "socket_transport.hpp"

#include <cerrno>
#include <new>

#include <sys/socket.h>

#include "loop.hpp"

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

bool receive_data(SocketTransport& transport) {
    LoopCore& core = *transport.loop->core;
    char* const buffer = core.receive_buffer();
    if (buffer == nullptr) {
        return false;
    }
    const Received received = receive(transport, buffer, LoopCore::receive_size);
    if (received.count < 0) {
        return received.succeeded;
    }
    if (received.count == 0) {
        return receive_eof(transport);
    }
    const Ref data(PyBytes_FromStringAndSize(buffer, received.count));
    if (!data) {
        return fail(transport, "Fatal read error on socket transport");
    }
    const Ref protocol = Ref::to(transport.protocol);
    PyObject* const arguments[] = {protocol.get(), data.get()};
    const Ref done(PyObject_VectorcallMethod(transport.loop->state->data_received, arguments,
                                             2 | PY_VECTORCALL_ARGUMENTS_OFFSET, nullptr));
    return done || fail(transport, "Fatal error: protocol.data_received() call failed.");
}

/// protocol.get_buffer(-1); nullptr with an exception set.
Ref get_buffer(const ModuleState& state, PyObject* protocol) {
    PyObject* const arguments[] = {protocol, state.minus_one};
    Ref buffer(PyObject_VectorcallMethod(state.get_buffer, arguments,
                                         2 | PY_VECTORCALL_ARGUMENTS_OFFSET, nullptr));
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
    const Received received =
        receive(transport, view.buf, static_cast<std::size_t>(view.len));
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
    const Ref done(count ? PyObject_VectorcallMethod(state.buffer_updated, arguments,
                                                     2 | PY_VECTORCALL_ARGUMENTS_OFFSET, nullptr)
                         : nullptr);
    return done || fail(transport, "Fatal error: protocol.buffer_updated() call failed.");
}

} // namespace

bool read_ready(SocketTransport& transport) {
    if (transport.connection_lost != 0 || transport.is_closed) {
        return true;
    }
    return transport.receiver == Receiver::buffer ? receive_into_buffer(transport)
                                                  : receive_data(transport);
}

} // namespace hocket::python
