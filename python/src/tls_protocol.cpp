// TLS: received bytes go through OpenSSL to the application's protocol. What asyncio.sslproto does
// for each message, with the same calls in the same order.

#include "tls_protocol.hpp"

#include <algorithm>
#include <climits>

#include "loop.hpp"
#include "socket_transport.hpp"

namespace hocket::python {

namespace {

/// What is read from a session. `count` is 0 if there is nothing now, -1 with an exception set.
struct Plain {
    Py_ssize_t count;
    bool has_ended; // the peer has said close_notify
};

/// For errors: Python's read() fails, too, because the errors stay in OpenSSL's queue, and it makes
/// the exception.
Plain read_in_python(TlsProtocol& tls) {
    const Ref one(PyLong_FromLong(1));
    const Ref data(one ? PyObject_CallMethodOneArg(tls.sslobj, tls.state->read, one.get())
                       : nullptr);
    if (data) {
        if (PyObject_Size(data.get()) == 0) {
            return {0, true};
        }
        PyErr_SetString(PyExc_RuntimeError, "TLS session failed and did not say why");
        return {-1, false};
    }
    for (PyObject* const again : {tls.state->ssl_want_read, tls.state->ssl_syscall_error}) {
        if (PyErr_ExceptionMatches(again) != 0) {
            PyErr_Clear();
            return {0, false};
        }
    }
    return {-1, false};
}

Plain read(TlsProtocol& tls, char* into, Py_ssize_t size) {
    const TlsLibrary& library = tls.state->tls;
    SSL* const ssl = tls.session.ssl;
    const int count =
        library.read(ssl, into, static_cast<int>(std::min<Py_ssize_t>(size, INT_MAX)));
    if (count > 0) [[likely]] {
        return {count, false};
    }
    const int error = library.get_error(ssl, count);
    if (error == SSL_ERROR_WANT_READ) {
        return {0, false};
    }
    if (error == SSL_ERROR_ZERO_RETURN && library.get_shutdown(ssl) == SSL_RECEIVED_SHUTDOWN) {
        return {0, true};
    }
    return read_in_python(tls);
}

/// Whether a read can find something. To try costs more than to ask.
bool has_more(TlsProtocol& tls) noexcept {
    const TlsLibrary& library = tls.state->tls;
    tls.is_drained = library.bio_pending(tls.session.incoming) == 0;
    return !tls.is_drained || library.has_pending(tls.session.ssl) != 0;
}

/// What asyncio does after close_notify.
bool receive_close(TlsProtocol& tls) {
    const Ref told(PyObject_CallMethodNoArgs(object(tls), tls.state->call_eof_received));
    const Ref done(told ? PyObject_CallMethodNoArgs(object(tls), tls.state->start_shutdown)
                        : nullptr);
    return static_cast<bool>(done);
}

bool deliver(TlsProtocol& tls, Ref before, const char* bytes, Py_ssize_t count) {
    const ModuleState& state = *tls.state;
    const Ref protocol = Ref::to(tls.app_protocol);
    if (!before && protocol && is_stream_protocol(state, protocol.get())) {
        const Ref transport = Ref::to(tls.app_transport);
        return feed_reader(state, protocol.get(), transport.get(), bytes, count);
    }
    PyObject* data = PyBytes_FromStringAndSize(bytes, count);
    if (data != nullptr && before) {
        PyObject* whole = before.release();
        PyBytes_ConcatAndDel(&whole, data);
        data = whole;
    }
    const Ref all(data);
    if (!all || !protocol) {
        return all && PyErr_Format(PyExc_AttributeError,
                                   "'NoneType' object has no attribute 'data_received'") != nullptr;
    }
    PyObject* const arguments[] = {protocol.get(), all.get()};
    const Ref done(PyObject_VectorcallMethod(state.data_received, arguments, 2, nullptr));
    return static_cast<bool>(done);
}

/// asyncio's _do_read__copied.
bool read_bytes(TlsProtocol& tls, char* buffer) {
    // Most of the time, what was decrypted fits into the buffer.
    constexpr auto size = static_cast<Py_ssize_t>(LoopCore::receive_size);
    Ref before;
    Py_ssize_t total = 0;
    Plain plain{0, false};
    do {
        if (total == size) {
            PyObject* const more = PyBytes_FromStringAndSize(buffer, total);
            PyObject* whole = before ? before.release() : PyBytes_FromStringAndSize(nullptr, 0);
            if (more == nullptr || whole == nullptr) {
                Py_XDECREF(more);
                Py_XDECREF(whole);
                return false;
            }
            PyBytes_ConcatAndDel(&whole, more);
            if (whole == nullptr) {
                return false;
            }
            before = Ref(whole);
            total = 0;
        }
        plain = read(tls, buffer + total, size - total);
        if (plain.count < 0) {
            return false;
        }
        total += plain.count;
    } while (plain.count > 0 && has_more(tls));
    if ((total > 0 || before) && !deliver(tls, std::move(before), buffer, total)) {
        return false;
    }
    return !plain.has_ended || receive_close(tls);
}

/// Python's read() into the application's buffer, for the exception that it raises.
bool fail_as_read(TlsProtocol& tls, PyObject* wanted, PyObject* buffer) {
    if (!PyErr_ExceptionMatches(PyExc_Exception)) {
        return false;
    }
    PyErr_Clear();
    PyObject* const arguments[] = {tls.sslobj, wanted, buffer};
    const Ref read(PyObject_VectorcallMethod(tls.state->read, arguments, 3, nullptr));
    if (read) {
        PyErr_SetString(PyExc_TypeError, "get_buffer() must return a writable buffer");
    }
    return false;
}

/// Fills a buffer. `total` is what it has then.
bool fill(TlsProtocol& tls, const Py_buffer& view, Py_ssize_t wanted, Py_ssize_t& total,
          Plain& plain) {
    // As Python's read(), to which no room is the end.
    if (view.len == 0) {
        plain = {0, true};
        return true;
    }
    wanted = wanted <= 0 ? view.len : std::min(wanted, view.len);
    do {
        plain = read(tls, static_cast<char*>(view.buf) + total, wanted - total);
        if (plain.count < 0) {
            return false;
        }
        total += plain.count;
    } while (plain.count > 0 && total < wanted && has_more(tls));
    return true;
}

/// asyncio's _do_read__buffered.
bool read_into_buffer(TlsProtocol& tls) {
    const ModuleState& state = *tls.state;
    const Ref hint(PyLong_FromSize_t(state.tls.bio_pending(tls.session.incoming)));
    const Ref get = Ref::to(tls.app_protocol_get_buffer);
    const Ref updated = Ref::to(tls.app_protocol_buffer_updated);
    if (!get || !updated) {
        PyErr_SetString(PyExc_AttributeError, "_app_protocol_get_buffer");
        return false;
    }
    const Ref buffer(hint ? PyObject_CallOneArg(get.get(), hint.get()) : nullptr);
    const Py_ssize_t size = buffer ? PyObject_Size(buffer.get()) : -1;
    const Ref wanted(size < 0 ? nullptr : PyLong_FromSsize_t(size));
    if (!wanted) {
        return false;
    }
    Py_buffer view;
    if (PyObject_GetBuffer(buffer.get(), &view, PyBUF_WRITABLE) != 0) {
        return fail_as_read(tls, wanted.get(), buffer.get());
    }
    Py_ssize_t total = 0;
    Plain plain{0, false};
    const bool succeeded = fill(tls, view, size, total, plain);
    const bool is_full = total == std::min(size, view.len);
    PyBuffer_Release(&view);
    if (!succeeded) {
        return false;
    }
    if (total > 0 && is_full) { // there may be more
        const Ref again(PyObject_GetAttr(object(tls), state.do_read));
        if (!again || !schedule(*reinterpret_cast<LoopObject*>(tls.loop),
                                {again.get(), nullptr, 0, nullptr})) {
            return false;
        }
    }
    if (total > 0) {
        const Ref count(PyLong_FromSsize_t(total));
        const Ref done(count ? PyObject_CallOneArg(updated.get(), count.get()) : nullptr);
        if (!done) {
            return false;
        }
    }
    return !plain.has_ended || receive_close(tls);
}

/// asyncio's _control_app_writing and _control_ssl_reading do something in few cases.
bool call_if(bool is_needed, TlsProtocol& tls, PyObject* method) {
    if (!is_needed) [[likely]] {
        return true;
    }
    const Ref done(PyObject_CallMethodNoArgs(object(tls), method));
    return static_cast<bool>(done);
}

bool is_beyond(std::size_t size, std::size_t high, std::size_t low, bool is_paused) noexcept {
    return is_paused ? size <= low : size >= high;
}

bool control_reading(TlsProtocol& tls) {
    const std::size_t size = tls.is_drained ? 0 : tls.state->tls.bio_pending(tls.session.incoming);
    return call_if(is_beyond(size, tls.numbers[incoming_high], tls.numbers[incoming_low],
                             tls.ssl_reading_paused != 0),
                   tls, tls.state->control_ssl_reading);
}

bool control_writing(TlsProtocol& tls, std::size_t in_bio) {
    const std::size_t size = in_bio + static_cast<std::size_t>(tls.write_buffer_size);
    return call_if(is_beyond(size, tls.numbers[outgoing_high], tls.numbers[outgoing_low],
                             tls.app_writing_paused != 0),
                   tls, tls.state->control_app_writing);
}

/// Passes `before` and everything that OpenSSL has made on in one call of the transport's write().
bool write_large(TlsProtocol& tls, const char* before, std::size_t count) {
    const ModuleState& state = *tls.state;
    BIO* const bio = tls.session.outgoing;
    const std::size_t more = state.tls.bio_pending(bio);
    if (count + more == 0) {
        return true;
    }
    const Ref data(more > INT_MAX
                       ? PyErr_NoMemory()
                       : PyBytes_FromStringAndSize(nullptr, static_cast<Py_ssize_t>(count + more)));
    if (!data) {
        return false;
    }
    char* const bytes = PyBytes_AS_STRING(data.get());
    std::copy_n(before, count, bytes);
    state.tls.bio_read(bio, bytes + count, static_cast<int>(more));
    trim(state.tls, bio);
    PyObject* const transport = tls.transport != nullptr ? tls.transport : Py_None;
    const Ref done(PyObject_CallMethodOneArg(Ref::to(transport).get(), state.write, data.get()));
    return static_cast<bool>(done);
}

/// Passes what OpenSSL has made on to the transport below.
bool write_outgoing(TlsProtocol& tls) {
    const ModuleState& state = *tls.state;
    const Ref transport = Ref::to(tls.transport);
    char* const buffer = buffer_of(tls);
    if (!transport || Py_TYPE(transport.get()) != state.socket_transport_type ||
        buffer == nullptr) {
        PyErr_Clear(); // there may be no memory for the buffer
        return write_large(tls, nullptr, 0);
    }
    constexpr std::size_t size = LoopCore::receive_size;
    const int count = state.tls.bio_read(tls.session.outgoing, buffer, static_cast<int>(size));
    if (count <= 0) {
        return true;
    }
    const auto bytes = static_cast<std::size_t>(count);
    return bytes < size ? write_copy(transport_of(transport.get()), buffer, bytes)
                        : write_large(tls, buffer, bytes);
}

/// Without the exception handling of _do_read.
bool read_and_answer(TlsProtocol& tls, char* buffer) {
    if (tls.app_reading_paused == 0) {
        if (!(tls.app_protocol_is_buffer != 0 ? read_into_buffer(tls) : read_bytes(tls, buffer))) {
            return false;
        }
        const Py_ssize_t waiting = PyObject_Size(tls.write_backlog);
        if (waiting < 0 || !(waiting > 0 ? write_backlog(tls) : send_outgoing(tls))) {
            return false;
        }
    }
    return control_reading(tls);
}

/// Reads after `count` bytes have arrived.
bool read_session(TlsProtocol& tls, std::size_t count) {
    char* const buffer = buffer_of(tls);
    if (buffer == nullptr) {
        return false;
    }
    tls.is_drained = false;
    const bool succeeded = read_and_answer(tls, buffer);
    if (count > std::size_t{32} * 1024) {
        trim(tls.state->tls, tls.session.incoming);
    }
    return succeeded || fail(tls);
}

/// SSLProtocol's own method, in Python.
bool call_python(TlsProtocol& tls, PyObject* method) {
    const Ref done(PyObject_CallOneArg(method, object(tls)));
    return static_cast<bool>(done);
}

/// Before and after the time in which the session is C++'s.
bool receive_in_python(TlsProtocol& tls, const char* bytes, Py_ssize_t count) {
    const Ref data(PyBytes_FromStringAndSize(bytes, count));
    const Ref written(data ? PyObject_CallMethodOneArg(tls.incoming, tls.state->write, data.get())
                           : nullptr);
    // It has no buffer of its own, and does the rest.
    const Ref none(written ? PyLong_FromLong(0) : nullptr);
    const Ref done(
        none ? PyObject_CallMethodOneArg(object(tls), tls.state->buffer_updated, none.get())
             : nullptr);
    return static_cast<bool>(done);
}

} // namespace

char* buffer_of(TlsProtocol& tls) noexcept {
    auto* const loop = reinterpret_cast<LoopObject*>(tls.loop);
    return loop->core != nullptr ? loop->core->receive_buffer() : nullptr;
}

bool has_session(TlsProtocol& tls) {
    const ModuleState& state = *tls.state;
    if (tls.phase != state.tls_wrapped && tls.phase != state.tls_flushing) {
        return false;
    }
    if (!tls.was_examined) {
        tls.was_examined = true;
        const bool is_whole = tls.loop != nullptr && tls.incoming != nullptr &&
                              tls.outgoing != nullptr && tls.write_backlog != nullptr &&
                              tls.sslobj != nullptr;
        if (is_whole && PyObject_TypeCheck(tls.loop, state.loop_type) != 0 &&
            find_session(state, tls.sslobj, tls.incoming, tls.outgoing, tls.session)) {
            Py_INCREF(tls.session.owner);
        } else {
            tls.session = {};
        }
    }
    return tls.session.ssl != nullptr && reinterpret_cast<LoopObject*>(tls.loop)->core != nullptr;
}

bool fail(TlsProtocol& tls) {
    if (PyErr_ExceptionMatches(PyExc_Exception) == 0) {
        return false;
    }
    const Ref exception = take_exception();
    const Ref done(PyObject_CallMethod(object(tls), "_fatal_error", "Os", exception.get(),
                                       "Fatal error on SSL protocol"));
    return static_cast<bool>(done);
}

bool tls_received(TlsProtocol& tls, const char* bytes, Py_ssize_t count) {
    if (tls.phase != tls.state->tls_wrapped || !has_session(tls)) {
        return receive_in_python(tls, bytes, count);
    }
    if (tls.state->tls.bio_write(tls.session.incoming, bytes, static_cast<int>(count)) != count) {
        PyErr_NoMemory();
        return false;
    }
    return read_session(tls, static_cast<std::size_t>(count));
}

bool read_tls(TlsProtocol& tls) {
    return has_session(tls) ? read_session(tls, tls.state->tls.bio_pending(tls.session.incoming))
                            : call_python(tls, tls.state->tls_do_read);
}

bool send_outgoing(TlsProtocol& tls) {
    if (tls.session.ssl == nullptr) {
        return call_python(tls, tls.state->tls_process_outgoing);
    }
    if (tls.ssl_writing_paused == 0) {
        return write_outgoing(tls) && control_writing(tls, 0);
    }
    return control_writing(tls, tls.state->tls.bio_pending(tls.session.outgoing));
}

} // namespace hocket::python
