#pragma once

#include "python.hpp"

#include "tls_library.hpp"

namespace hocket::python {

struct ModuleState;
struct LoopObject;

/// The base of hocket's subclass of asyncio.sslproto.SSLProtocol. It has the attributes that are
/// used for each message, and the methods that pass data on. Everything else is asyncio's code,
/// which uses these attributes and methods: the handshake, the shutdown, what flow control does.
struct TlsProtocol {
    PyObject_HEAD const ModuleState* state;
    // asyncio's attributes, which have these names with an underscore before them.
    PyObject* loop;
    PyObject* transport;
    PyObject* app_transport;
    PyObject* app_protocol;
    PyObject* app_protocol_get_buffer;
    PyObject* app_protocol_buffer_updated;
    PyObject* write_backlog;
    PyObject* incoming;
    PyObject* outgoing;
    PyObject* sslobj;
    PyObject* phase; // _state
    PyObject* limits[4];
    Py_ssize_t write_buffer_size;
    char app_protocol_is_buffer;
    char app_reading_paused;
    char app_writing_paused;
    char ssl_reading_paused;
    char ssl_writing_paused;
    // This type's own.
    bool was_examined; // sslobj: there is a session, or there will never be one
    bool is_drained;   // nothing is left in the incoming BIO
    TlsSession session;
    std::size_t numbers[4]; // the limits as numbers
};

/// Places in `limits`.
enum Limit { incoming_high, incoming_low, outgoing_high, outgoing_low };

[[nodiscard]] inline TlsProtocol& tls_of(PyObject* object) noexcept {
    return *reinterpret_cast<TlsProtocol*>(object);
}
[[nodiscard]] inline PyObject* object(TlsProtocol& tls) noexcept {
    return reinterpret_cast<PyObject*>(&tls);
}

// Functions that return bool return false with an exception set.

// tls_protocol.cpp

/// Whether C++ may use the session: after the handshake, and if it is as expected.
[[nodiscard]] bool has_session(TlsProtocol& tls);
/// SSLProtocol's get_buffer() and buffer_updated() in one.
[[nodiscard]] bool tls_received(TlsProtocol& tls, const char* bytes, Py_ssize_t count);
/// asyncio's _process_outgoing.
[[nodiscard]] bool send_outgoing(TlsProtocol& tls);
/// asyncio's _do_read.
[[nodiscard]] bool read_tls(TlsProtocol& tls);
/// What asyncio does in `except Exception`.
[[nodiscard]] bool fail(TlsProtocol& tls);
/// The loop's buffer, nullptr if the loop is closed. What is in it is gone when other code has run.
[[nodiscard]] char* buffer_of(TlsProtocol& tls) noexcept;

// tls_writing.cpp

/// _make_tls_write(type): the method write() of a class derived from asyncio's
/// _SSLProtocolTransport.
PyObject* make_tls_write(PyObject* module, PyObject* type);
/// asyncio's _do_write.
[[nodiscard]] bool write_backlog(TlsProtocol& tls);

// tls_protocol_type.cpp
extern PyType_Spec tls_protocol_spec;

} // namespace hocket::python
