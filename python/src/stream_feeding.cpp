// asyncio's streams: received bytes go to the StreamReader without a call of Python code. What
// StreamReaderProtocol.data_received and StreamReader.feed_data do, where neither is replaced.

#include "socket_transport.hpp"

#include <cstring>

#include "loop.hpp"

namespace hocket::python {

namespace {

Ref attribute(PyObject* object, PyObject* name) { return Ref(PyObject_GetAttr(object, name)); }

/// Whether object.name is the method `function` of asyncio's.
bool has_method(PyObject* object, PyObject* name, PyObject* function) {
    const Ref method = attribute(object, name);
    return method && PyMethod_Check(method.get()) &&
           PyMethod_GET_FUNCTION(method.get()) == function;
}

/// What a weak reference refers to, or nothing.
Ref referred(PyObject* reference) {
#if PY_VERSION_HEX >= 0x030D0000
    PyObject* object = nullptr;
    std::ignore = PyWeakref_GetRef(reference, &object);
    return Ref(object);
#else
    PyObject* const object = PyWeakref_GetObject(reference);
    return Ref::to(object == Py_None ? nullptr : object);
#endif
}

/// A reader that is as asyncio made it, fed by the protocol's transport.
struct Reader {
    Ref object;
    Ref buffer;
    Ref limit;
    Ref transport;
};

/// Returns false if it is not; then, too, if an exception was set, which asyncio's own code will
/// set again.
bool find_reader(const ModuleState& state, PyObject* protocol, PyObject* transport,
                 Reader& reader) {
    if (!has_method(protocol, state.data_received, state.protocol_data_received)) {
        return false;
    }
    const Ref reference = attribute(protocol, state.stream_reader_wr);
    if (!reference || PyWeakref_Check(reference.get()) == 0) {
        return false;
    }
    reader.object = referred(reference.get());
    PyObject* const object = reader.object.get();
    if (object == nullptr || Py_TYPE(object) != state.stream_reader ||
        !has_method(object, state.feed_data, state.reader_feed_data)) {
        return false;
    }
    const Ref eof = attribute(object, state.eof);
    reader.buffer = attribute(object, state.buffer);
    reader.limit = attribute(object, state.limit);
    reader.transport = attribute(object, state.transport);
    return eof.get() == Py_False && reader.buffer && PyByteArray_CheckExact(reader.buffer.get()) &&
           reader.limit && PyLong_CheckExact(reader.limit.get()) &&
           (reader.transport.get() == transport || reader.transport.get() == Py_None);
}

bool append(PyObject* buffer, const char* bytes, Py_ssize_t count) {
    const Py_ssize_t before = PyByteArray_GET_SIZE(buffer);
    if (PyByteArray_Resize(buffer, before + count) != 0) {
        return false;
    }
    std::memcpy(PyByteArray_AS_STRING(buffer) + before, bytes, static_cast<std::size_t>(count));
    return true;
}

/// reader._wakeup_waiter()
bool wake_reader(const ModuleState& state, PyObject* reader) {
    const Ref waiter = attribute(reader, state.waiter);
    if (!waiter || waiter.get() == Py_None) {
        return static_cast<bool>(waiter);
    }
    if (PyObject_SetAttr(reader, state.waiter, Py_None) != 0) {
        return false;
    }
    const Ref cancelled(PyObject_CallMethodNoArgs(waiter.get(), state.cancelled));
    if (!cancelled || cancelled.get() == Py_True) {
        return static_cast<bool>(cancelled);
    }
    const Ref done(PyObject_CallMethodOneArg(waiter.get(), state.set_result, Py_None));
    return static_cast<bool>(done);
}

bool pause_if_full(const ModuleState& state, const Reader& reader) {
    const Py_ssize_t size = PyByteArray_GET_SIZE(reader.buffer.get());
    const Py_ssize_t limit = PyLong_AsSsize_t(reader.limit.get());
    if (limit == -1 && PyErr_Occurred() != nullptr) {
        PyErr_Clear(); // larger than any buffer
        return true;
    }
    if (size / 2 < limit || size <= 2 * limit || reader.transport.get() == Py_None) {
        return true;
    }
    const Ref paused = attribute(reader.object.get(), state.paused);
    if (!paused || paused.get() == Py_True) {
        return static_cast<bool>(paused);
    }
    const Ref done(PyObject_CallMethodNoArgs(reader.transport.get(), state.pause_reading));
    return done && PyObject_SetAttr(reader.object.get(), state.paused, Py_True) == 0;
}

/// protocol.data_received(data)
bool call_protocol(const ModuleState& state, PyObject* protocol, const char* bytes,
                   Py_ssize_t count) {
    const Ref data(PyBytes_FromStringAndSize(bytes, count));
    const Ref done(data ? PyObject_CallMethodOneArg(protocol, state.data_received, data.get())
                        : nullptr);
    return static_cast<bool>(done);
}

} // namespace

bool is_stream_protocol(const ModuleState& state, PyObject* protocol) noexcept {
    return Py_TYPE(protocol) == state.stream_reader_protocol;
}

bool feed_reader(const ModuleState& state, PyObject* protocol, PyObject* transport,
                 const char* bytes, Py_ssize_t count) {
    Reader reader;
    if (!find_reader(state, protocol, transport, reader)) {
        PyErr_Clear();
        return call_protocol(state, protocol, bytes, count);
    }
    return append(reader.buffer.get(), bytes, count) && wake_reader(state, reader.object.get()) &&
           pause_if_full(state, reader);
}

} // namespace hocket::python
