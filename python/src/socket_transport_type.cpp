// The type SocketTransport, as Python sees it.

#include "socket_transport.hpp"

#include <cstddef>

#include <structmember.h>

#include "loop.hpp"

namespace hocket::python {

namespace {

PyObject* or_none(PyObject* value) noexcept {
    return Py_NewRef(value != nullptr ? value : Py_None);
}

PyObject* none_if(bool succeeded) noexcept { return succeeded ? Py_NewRef(Py_None) : nullptr; }

PyObject* create(PyTypeObject* type, PyObject* arguments, PyObject* names) {
    static const char* const keywords[] = {"loop",  "sock",   "protocol", "waiter",
                                           "extra", "server", nullptr};
    PyObject* loop = nullptr;
    TransportArguments given{nullptr, nullptr, Py_None, Py_None, Py_None};
    if (PyArg_ParseTupleAndKeywords(arguments, names, "O!OO|OOO:SocketTransport",
                                    const_cast<char**>(keywords), state_of(type).loop_type, &loop,
                                    &given.socket, &given.protocol, &given.waiter, &given.extra,
                                    &given.server) == 0) {
        return nullptr;
    }
    return new_socket_transport(loop_of(loop), given);
}

// create() does it all, and that of asyncio.BaseTransport takes other arguments.
int initialise(PyObject*, PyObject*, PyObject*) { return 0; }

int traverse(PyObject* self, visitproc visit, void* arg) {
    const SocketTransport& transport = transport_of(self);
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(transport.extra);
    Py_VISIT(transport.dict);
    Py_VISIT(transport.loop);
    Py_VISIT(transport.socket);
    Py_VISIT(transport.protocol);
    Py_VISIT(transport.server);
    Py_VISIT(transport.empty_waiter);
    Py_VISIT(transport.read_context);
    Py_VISIT(transport.write_context);
    return 0;
}

int clear(PyObject* self) {
    SocketTransport& transport = transport_of(self);
    forget(transport);
    transport.is_closed = transport.is_closing = true;
    ++transport.connection_lost;
    transport.output.clear();
    Py_CLEAR(transport.extra);
    Py_CLEAR(transport.dict);
    Py_CLEAR(transport.loop);
    Py_CLEAR(transport.socket);
    Py_CLEAR(transport.protocol);
    Py_CLEAR(transport.server);
    Py_CLEAR(transport.empty_waiter);
    Py_CLEAR(transport.read_context);
    Py_CLEAR(transport.write_context);
    return 0;
}

/// __del__
void finalise(PyObject* self) {
    const Ref exception = PyErr_Occurred() != nullptr ? take_exception() : Ref();
    abandon(transport_of(self));
    if (exception) {
        raise_again(Ref::to(exception.get()));
    }
}

void dealloc(PyObject* self) {
    if (PyObject_CallFinalizerFromDealloc(self) != 0) {
        return;
    }
    PyTypeObject* const type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    if (transport_of(self).weak_references != nullptr) {
        PyObject_ClearWeakRefs(self);
    }
    clear(self);
    type->tp_free(self);
    Py_DECREF(type);
}

PyObject* repr(PyObject* self) {
    return PyObject_CallOneArg(state_of(Py_TYPE(self)).describe_transport, self);
}

// --- Extra information

/// What is kept in another form goes to the dictionary. Returns nullptr with an exception set.
PyObject* whole_extra(SocketTransport& transport) {
    const ModuleState& state = state_of(Py_TYPE(&transport));
    if (transport.extra == nullptr) {
        transport.extra = PyDict_New();
    }
    const auto add = [&](PyObject* name, Ref value) {
        return value && PyDict_SetItem(transport.extra, name, value.get()) == 0;
    };
    const auto add_name = [&](PyObject* name, const SocketName& address) {
        return !address.is_known() || PyDict_Contains(transport.extra, name) == 1 ||
               add(name, address.to_python());
    };
    const bool done =
        transport.extra != nullptr &&
        (transport.socket == nullptr || // the collector has taken it apart
         PyDict_Contains(transport.extra, state.socket) == 1 ||
         add(state.socket, Ref(PyObject_CallOneArg(state.transport_socket, transport.socket)))) &&
        add_name(state.sockname, transport.own_name) &&
        add_name(state.peername, transport.peer_name);
    return done ? transport.extra : nullptr;
}

PyObject* get_extra_info(PyObject* self, PyObject* arguments, PyObject* names) {
    static const char* const keywords[] = {"name", "default", nullptr};
    PyObject* name = nullptr;
    PyObject* otherwise = Py_None;
    if (PyArg_ParseTupleAndKeywords(arguments, names, "O|O:get_extra_info",
                                    const_cast<char**>(keywords), &name, &otherwise) == 0) {
        return nullptr;
    }
    SocketTransport& transport = transport_of(self);
    PyObject* found =
        transport.extra != nullptr ? PyDict_GetItemWithError(transport.extra, name) : nullptr;
    if (found == nullptr && PyErr_Occurred() == nullptr) {
        // Not for each question of TLS's entries, which StreamReaderProtocol asks.
        const ModuleState& state = state_of(Py_TYPE(self));
        const bool is_late =
            PyUnicode_Check(name) != 0 && (PyUnicode_Compare(name, state.socket) == 0 ||
                                           PyUnicode_Compare(name, state.sockname) == 0 ||
                                           PyUnicode_Compare(name, state.peername) == 0);
        PyObject* const whole = is_late ? whole_extra(transport) : nullptr;
        found = whole != nullptr ? PyDict_GetItemWithError(whole, name) : nullptr;
    }
    if (found == nullptr && PyErr_Occurred() != nullptr) {
        return nullptr;
    }
    return Py_NewRef(found != nullptr ? found : otherwise);
}

PyObject* get_extra(PyObject* self, void*) { return Py_XNewRef(whole_extra(transport_of(self))); }

// --- Methods

PyObject* get_protocol(PyObject* self, PyObject*) { return or_none(transport_of(self).protocol); }
PyObject* set_its_protocol(PyObject* self, PyObject* protocol) {
    return none_if(set_protocol(transport_of(self), protocol));
}
PyObject* is_closing(PyObject* self, PyObject*) {
    return PyBool_FromLong(transport_of(self).is_closing);
}
PyObject* is_reading(PyObject* self, PyObject*) {
    const SocketTransport& transport = transport_of(self);
    return PyBool_FromLong(!transport.is_closing && !transport.is_paused);
}
PyObject* can_write_eof(PyObject*, PyObject*) { Py_RETURN_TRUE; }

template <bool (*function)(SocketTransport&)> PyObject* call(PyObject* self, PyObject*) {
    return none_if(function(transport_of(self)));
}
template <bool (*function)(SocketTransport&, PyObject*)>
PyObject* call(PyObject* self, PyObject* argument) {
    return none_if(function(transport_of(self), argument));
}

PyObject* abort(PyObject* self, PyObject*) {
    return none_if(force_close(transport_of(self), Py_None));
}

PyObject* start_reading(PyObject* self, PyObject*) {
    SocketTransport& transport = transport_of(self);
    // connection_made may have closed it or paused it.
    return none_if(transport.is_closing || transport.is_paused ||
                   watch(transport, engine::Watcher::readable));
}

PyObject* fatal_error(PyObject* self, PyObject* arguments) {
    PyObject* exception = nullptr;
    const char* message = "Fatal error on transport";
    if (PyArg_ParseTuple(arguments, "O|s:_fatal_error", &exception, &message) == 0) {
        return nullptr;
    }
    raise_again(Ref::to(exception));
    return none_if(fail(transport_of(self), message));
}

// --- The write buffer

/// A limit in bytes; a number that is too large is no limit. Returns false with an
/// exception set.
bool limit_of(PyObject* number, Py_ssize_t& limit) {
    if (PyFloat_Check(number)) {
        const double value = PyFloat_AS_DOUBLE(number);
        limit = value >= 9e18 ? PY_SSIZE_T_MAX : static_cast<Py_ssize_t>(value);
        return true;
    }
    limit = PyNumber_AsSsize_t(number, nullptr); // the nearest one that there is
    return limit != -1 || PyErr_Occurred() == nullptr;
}

PyObject* set_write_buffer_limits(PyObject* self, PyObject* arguments, PyObject* names) {
    static const char* const keywords[] = {"high", "low", nullptr};
    PyObject* given_high = Py_None;
    PyObject* given_low = Py_None;
    if (PyArg_ParseTupleAndKeywords(arguments, names, "|OO:set_write_buffer_limits",
                                    const_cast<char**>(keywords), &given_high, &given_low) == 0) {
        return nullptr;
    }
    SocketTransport& transport = transport_of(self);
    Py_ssize_t high = Py_ssize_t{64} * 1024;
    Py_ssize_t low = 0;
    if ((given_high != Py_None && !limit_of(given_high, high)) ||
        (given_low != Py_None && !limit_of(given_low, low))) {
        return nullptr;
    }
    if (given_low == Py_None) {
        low = high >> 2; // rounded down
    } else if (given_high == Py_None) {
        high = low > PY_SSIZE_T_MAX / 4 ? PY_SSIZE_T_MAX : 4 * low;
    }
    if (!(high >= low && low >= 0)) {
        PyErr_Format(PyExc_ValueError, "high (%zd) must be >= low (%zd) must be >= 0", high, low);
        return nullptr;
    }
    transport.high_water = static_cast<std::size_t>(high);
    transport.low_water = static_cast<std::size_t>(low);
    return none_if(pause_protocol_if_full(transport));
}
PyObject* get_write_buffer_limits(PyObject* self, PyObject*) {
    const SocketTransport& transport = transport_of(self);
    return Py_BuildValue("(nn)", static_cast<Py_ssize_t>(transport.low_water),
                         static_cast<Py_ssize_t>(transport.high_water));
}
PyObject* get_write_buffer_size(PyObject* self, PyObject*) {
    return PyLong_FromSize_t(transport_of(self).output.size());
}

// --- What loop.sendfile() calls

PyObject* make_empty_waiter(PyObject* self, PyObject*) {
    SocketTransport& transport = transport_of(self);
    if (transport.empty_waiter != nullptr || transport.loop == nullptr) {
        PyErr_SetString(PyExc_RuntimeError, transport.loop == nullptr
                                                ? "Transport is closed"
                                                : "Empty waiter is already set");
        return nullptr;
    }
    Ref waiter(create_future(object(*transport.loop), nullptr));
    if (waiter && transport.output.empty()) {
        const Ref done(
            PyObject_CallMethodOneArg(waiter.get(), transport.loop->state->set_result, Py_None));
        if (!done) {
            return nullptr;
        }
    }
    transport.empty_waiter = Py_XNewRef(waiter.get());
    return waiter.release();
}

PyObject* reset_empty_waiter(PyObject* self, PyObject*) {
    Py_CLEAR(transport_of(self).empty_waiter);
    Py_RETURN_NONE;
}

// --- asyncio's attributes

template <bool SocketTransport::*flag> PyObject* get_flag(PyObject* self, void*) {
    return PyBool_FromLong(transport_of(self).*flag);
}
template <PyObject* SocketTransport::*place> PyObject* get_object(PyObject* self, void*) {
    return or_none(transport_of(self).*place);
}
PyObject* get_loop(PyObject* self, void*) {
    return or_none(reinterpret_cast<PyObject*>(transport_of(self).loop));
}
PyObject* get_socket(PyObject* self, void*) {
    const SocketTransport& transport = transport_of(self);
    return or_none(transport.is_closed ? nullptr : transport.socket);
}
PyObject* get_fd(PyObject* self, void*) { return PyLong_FromLong(transport_of(self).fd); }
PyObject* get_connection_lost(PyObject* self, void*) {
    return PyLong_FromUnsignedLong(transport_of(self).connection_lost);
}
PyObject* get_high_water(PyObject* self, void*) {
    return PyLong_FromSize_t(transport_of(self).high_water);
}
PyObject* get_low_water(PyObject* self, void*) {
    return PyLong_FromSize_t(transport_of(self).low_water);
}
PyObject* get_true(PyObject*, void*) { Py_RETURN_TRUE; }
PyObject* get_sendfile_mode(PyObject* self, void*) {
    return Py_NewRef(state_of(Py_TYPE(self)).sendfile_mode);
}
PyObject* get_polling(PyObject* self, void*) {
    const std::uint32_t interest = transport_of(self).events.interest();
    return Py_BuildValue("(NN)", PyBool_FromLong(interest & engine::Watcher::readable),
                         PyBool_FromLong(interest & engine::Watcher::writable));
}

template <class Function> PyCFunction method(Function function) {
    return reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(function));
}

PyMethodDef methods[] = {
    {"get_extra_info", method(get_extra_info), METH_VARARGS | METH_KEYWORDS,
     "get_extra_info(name, default=None): what is known of the connection."},
    {"get_protocol", get_protocol, METH_NOARGS, "Return the protocol."},
    {"set_protocol", set_its_protocol, METH_O, "Set the protocol."},
    {"is_closing", is_closing, METH_NOARGS, "Return whether it is closing or closed."},
    {"close", call<close>, METH_NOARGS, "Send what is queued, then close."},
    {"abort", abort, METH_NOARGS, "Close now; what is queued is lost."},
    {"is_reading", is_reading, METH_NOARGS, "Return whether data is received."},
    {"pause_reading", call<pause_reading>, METH_NOARGS, "Receive no data until resume_reading()."},
    {"resume_reading", call<resume_reading>, METH_NOARGS, "Receive data again."},
    {"write", call<write>, METH_O, "Send bytes, or queue what cannot be sent now."},
    {"writelines", call<write_lines>, METH_O, "Send the bytes of a list."},
    {"write_eof", call<write_eof>, METH_NOARGS, "Shut down sending once everything is sent."},
    {"can_write_eof", can_write_eof, METH_NOARGS, "Return True."},
    {"set_write_buffer_limits", method(set_write_buffer_limits), METH_VARARGS | METH_KEYWORDS,
     "set_write_buffer_limits(high=None, low=None): when to pause and resume the protocol."},
    {"get_write_buffer_limits", get_write_buffer_limits, METH_NOARGS, "Return (low, high)."},
    {"get_write_buffer_size", get_write_buffer_size, METH_NOARGS,
     "Return how many bytes are queued."},
    // What the loop and asyncio's classes call.
    {"_start_reading", start_reading, METH_NOARGS, nullptr},
    {"_read_ready", call<read_ready>, METH_NOARGS, nullptr},
    {"_write_ready", call<write_ready>, METH_NOARGS, nullptr},
    {"_call_connection_lost", call<end>, METH_O, nullptr},
    {"_force_close", call<force_close>, METH_O, nullptr},
    {"_fatal_error", fatal_error, METH_VARARGS, nullptr},
    {"_make_empty_waiter", make_empty_waiter, METH_NOARGS, nullptr},
    {"_reset_empty_waiter", reset_empty_waiter, METH_NOARGS, nullptr},
    {nullptr, nullptr, 0, nullptr},
};

PyGetSetDef attributes[] = {
    {"_extra", get_extra, nullptr, nullptr, nullptr},
    {"_loop", get_loop, nullptr, nullptr, nullptr},
    {"_sock", get_socket, nullptr, nullptr, nullptr},
    {"_sock_fd", get_fd, nullptr, nullptr, nullptr},
    {"_protocol", get_object<&SocketTransport::protocol>, nullptr, nullptr, nullptr},
    {"_server", get_object<&SocketTransport::server>, nullptr, nullptr, nullptr},
    {"_empty_waiter", get_object<&SocketTransport::empty_waiter>, nullptr, nullptr, nullptr},
    {"_closing", get_flag<&SocketTransport::is_closing>, nullptr, nullptr, nullptr},
    {"_paused", get_flag<&SocketTransport::is_paused>, nullptr, nullptr, nullptr},
    {"_eof", get_flag<&SocketTransport::has_written_eof>, nullptr, nullptr, nullptr},
    {"_protocol_connected", get_flag<&SocketTransport::is_protocol_connected>, nullptr, nullptr,
     nullptr},
    {"_protocol_paused", get_flag<&SocketTransport::is_protocol_paused>, nullptr, nullptr, nullptr},
    {"_conn_lost", get_connection_lost, nullptr, nullptr, nullptr},
    {"_high_water", get_high_water, nullptr, nullptr, nullptr},
    {"_low_water", get_low_water, nullptr, nullptr, nullptr},
    {"_start_tls_compatible", get_true, nullptr, nullptr, nullptr},
    {"_sendfile_compatible", get_sendfile_mode, nullptr, nullptr, nullptr},
    {"_polling", get_polling, nullptr, "Whether it waits to read and to write.", nullptr},
    {"__dict__", PyObject_GenericGetDict, PyObject_GenericSetDict, nullptr, nullptr},
    {nullptr, nullptr, nullptr, nullptr, nullptr},
};

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Winvalid-offsetof"
PyMemberDef members[] = {
    {"__weaklistoffset__", T_PYSSIZET, offsetof(SocketTransport, weak_references), READONLY,
     nullptr},
    {"__dictoffset__", T_PYSSIZET, offsetof(SocketTransport, dict), READONLY, nullptr},
    {nullptr, 0, 0, 0, nullptr},
};
constexpr Py_ssize_t before_dict = offsetof(SocketTransport, dict);
#pragma GCC diagnostic pop

PyDoc_STRVAR(doc, "The transport of a connected TCP or Unix stream socket.");

PyType_Slot slots[] = {
    {Py_tp_doc, const_cast<char*>(doc)},
    {Py_tp_new, reinterpret_cast<void*>(create)},
    {Py_tp_init, reinterpret_cast<void*>(initialise)},
    {Py_tp_dealloc, reinterpret_cast<void*>(dealloc)},
    {Py_tp_finalize, reinterpret_cast<void*>(finalise)},
    {Py_tp_traverse, reinterpret_cast<void*>(traverse)},
    {Py_tp_clear, reinterpret_cast<void*>(clear)},
    {Py_tp_repr, reinterpret_cast<void*>(repr)},
    {Py_tp_methods, methods},
    {Py_tp_getset, attributes},
    {Py_tp_members, members},
    {0, nullptr},
};

} // namespace

const Py_ssize_t size_of_base = before_dict;

PyType_Spec socket_transport_spec = {
    "hocket._hocket.SocketTransport",
    sizeof(SocketTransport),
    0,
    Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
    slots,
};

} // namespace hocket::python
