#pragma once

#include "python.hpp"

#include <openssl/ssl.h>

namespace hocket::python {

struct ModuleState;

/// OpenSSL's functions, of the library that Python's `_ssl` uses. The module links none itself.
struct TlsLibrary {
    decltype(&::SSL_read) read;
    decltype(&::SSL_write) write;
    decltype(&::SSL_get_error) get_error;
    decltype(&::SSL_get_shutdown) get_shutdown;
    decltype(&::SSL_has_pending) has_pending;
    decltype(&::SSL_get_SSL_CTX) get_context;
    decltype(&::SSL_get_rbio) get_incoming;
    decltype(&::SSL_get_wbio) get_outgoing;
    decltype(&::BIO_read) bio_read;
    decltype(&::BIO_write) bio_write;
    decltype(&::BIO_ctrl) bio_control;
    decltype(&::BIO_ctrl_pending) bio_pending;
    decltype(&::BIO_method_type) bio_type;
    decltype(&::BUF_MEM_new) new_memory;
    decltype(&::BUF_MEM_free) free_memory;
};

/// What lies below an ssl.SSLObject with two ssl.MemoryBIOs.
struct TlsSession {
    PyObject* owner; // the _ssl._SSLSocket, not a new reference
    SSL* ssl;
    BIO* incoming;
    BIO* outgoing;
};

/// Finds the session's pointers and compares everything with which they can be compared. Returns
/// false, without an exception, if something is not as in CPython's ssl.
[[nodiscard]] bool find_session(const ModuleState& state, PyObject* ssl_object, PyObject* incoming,
                                PyObject* outgoing, TlsSession& session);

/// Gives back the memory of a BIO that is empty, if it is much.
void trim(const TlsLibrary& library, BIO* bio) noexcept;

/// _prepare_tls(_ssl, ssl_object, incoming, outgoing) -> bool: looks the functions up, and tries
/// find_session() on a session that was made for that. Without it, find_session() finds nothing.
PyObject* prepare_tls(PyObject* module, PyObject* arguments);

} // namespace hocket::python
