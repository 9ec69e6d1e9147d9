// The type TlsProtocol, as Python sees it.

#include "tls_protocol.hpp"

#include <cstddef>

#include <structmember.h>

#include "module_state.hpp"

namespace hocket::python {

namespace {

constexpr PyObject* TlsProtocol::*objects[] = {
    &TlsProtocol::loop,
    &TlsProtocol::transport,
    &TlsProtocol::app_transport,
    &TlsProtocol::app_protocol,
    &TlsProtocol::app_protocol_get_buffer,
    &TlsProtocol::app_protocol_buffer_updated,
    &TlsProtocol::write_backlog,
    &TlsProtocol::incoming,
    &TlsProtocol::outgoing,
    &TlsProtocol::sslobj,
    &TlsProtocol::phase,
};

PyObject* create(PyTypeObject* type, PyObject*, PyObject*) {
    PyObject* const self = type->tp_alloc(type, 0);
    PyObject* const module = PyType_GetModuleByDef(type, &module_definition);
    if (self == nullptr || module == nullptr) {
        Py_XDECREF(self);
        return nullptr;
    }
    tls_of(self).state = &state_of(module);
    return self;
}

int traverse(PyObject* self, visitproc visit, void* arg) {
    TlsProtocol& tls = tls_of(self);
    Py_VISIT(Py_TYPE(self));
    for (PyObject* TlsProtocol::*place : objects) {
        Py_VISIT(tls.*place);
    }
    for (PyObject* limit : tls.limits) {
        Py_VISIT(limit);
    }
    Py_VISIT(tls.session.owner);
    return 0;
}

int clear(PyObject* self) {
    TlsProtocol& tls = tls_of(self);
    for (PyObject* TlsProtocol::*place : objects) {
        Py_CLEAR(tls.*place);
    }
    for (PyObject*& limit : tls.limits) {
        Py_CLEAR(limit);
    }
    PyObject* const owner = std::exchange(tls.session, {}).owner;
    Py_XDECREF(owner);
    return 0;
}

void dealloc(PyObject* self) {
    PyTypeObject* const type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    clear(self);
    type->tp_free(self);
    Py_DECREF(type);
}

PyObject* none_if(bool succeeded) noexcept { return succeeded ? Py_NewRef(Py_None) : nullptr; }

template <bool (*function)(TlsProtocol&)> PyObject* call(PyObject* self, PyObject*) {
    return none_if(function(tls_of(self)));
}

/// The pieces of which a session consists. They stay once C++ uses it.
template <PyObject* TlsProtocol::*place> PyObject* get_part(PyObject* self, void*) {
    PyObject* const value = tls_of(self).*place;
    return Py_NewRef(value != nullptr ? value : Py_None);
}
template <PyObject* TlsProtocol::*place> int set_part(PyObject* self, PyObject* value, void*) {
    TlsProtocol& tls = tls_of(self);
    if (tls.session.ssl != nullptr) {
        PyErr_SetString(PyExc_AttributeError, "the TLS session is in use");
        return -1;
    }
    tls.was_examined = false;
    Py_XSETREF(tls.*place, value == Py_None ? nullptr : Py_XNewRef(value));
    return 0;
}

/// Any number that Python can compare; as one of bytes, rounded so that comparisons are the same.
bool to_bytes(PyObject* value, std::size_t& bytes) {
    const Ref number(PyFloat_Check(value) ? PyNumber_Float(value) : PyNumber_Index(value));
    if (!number) {
        return false;
    }
    if (PyFloat_Check(number.get())) {
        const double size = PyFloat_AS_DOUBLE(number.get());
        bytes = size >= 9e18 ? SIZE_MAX : static_cast<std::size_t>(size > 0 ? size : 0);
        return true;
    }
    const Py_ssize_t size = PyNumber_AsSsize_t(number.get(), nullptr); // or the nearest one
    if (size == -1 && PyErr_Occurred() != nullptr) {
        return false;
    }
    bytes = size == PY_SSIZE_T_MAX ? SIZE_MAX : static_cast<std::size_t>(size > 0 ? size : 0);
    return true;
}

template <Limit limit> PyObject* get_limit(PyObject* self, void*) {
    PyObject* const value = tls_of(self).limits[limit];
    return Py_NewRef(value != nullptr ? value : Py_None);
}
template <Limit limit> int set_limit(PyObject* self, PyObject* value, void*) {
    TlsProtocol& tls = tls_of(self);
    if (value == nullptr || !to_bytes(value, tls.numbers[limit])) {
        if (value == nullptr) {
            PyErr_SetString(PyExc_AttributeError, "a limit cannot be deleted");
        }
        return -1;
    }
    Py_XSETREF(tls.limits[limit], Py_NewRef(value));
    return 0;
}

PyMethodDef methods[] = {
    {"_do_read", call<read_tls>, METH_NOARGS, nullptr},
    {"_do_write", call<write_backlog>, METH_NOARGS, nullptr},
    {"_process_outgoing", call<send_outgoing>, METH_NOARGS, nullptr},
    {nullptr, nullptr, 0, nullptr},
};

PyGetSetDef attributes[] = {
    {"_loop", get_part<&TlsProtocol::loop>, set_part<&TlsProtocol::loop>, nullptr, nullptr},
    {"_incoming", get_part<&TlsProtocol::incoming>, set_part<&TlsProtocol::incoming>, nullptr,
     nullptr},
    {"_outgoing", get_part<&TlsProtocol::outgoing>, set_part<&TlsProtocol::outgoing>, nullptr,
     nullptr},
    {"_sslobj", get_part<&TlsProtocol::sslobj>, set_part<&TlsProtocol::sslobj>, nullptr, nullptr},
    {"_write_backlog", get_part<&TlsProtocol::write_backlog>, set_part<&TlsProtocol::write_backlog>,
     nullptr, nullptr},
    {"_incoming_high_water", get_limit<incoming_high>, set_limit<incoming_high>, nullptr, nullptr},
    {"_incoming_low_water", get_limit<incoming_low>, set_limit<incoming_low>, nullptr, nullptr},
    {"_outgoing_high_water", get_limit<outgoing_high>, set_limit<outgoing_high>, nullptr, nullptr},
    {"_outgoing_low_water", get_limit<outgoing_low>, set_limit<outgoing_low>, nullptr, nullptr},
    {nullptr, nullptr, nullptr, nullptr, nullptr},
};

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Winvalid-offsetof"
PyMemberDef members[] = {
    {"_transport", T_OBJECT, offsetof(TlsProtocol, transport), 0, nullptr},
    {"_app_transport", T_OBJECT, offsetof(TlsProtocol, app_transport), 0, nullptr},
    {"_app_protocol", T_OBJECT, offsetof(TlsProtocol, app_protocol), 0, nullptr},
    {"_app_protocol_get_buffer", T_OBJECT, offsetof(TlsProtocol, app_protocol_get_buffer), 0,
     nullptr},
    {"_app_protocol_buffer_updated", T_OBJECT, offsetof(TlsProtocol, app_protocol_buffer_updated),
     0, nullptr},
    {"_state", T_OBJECT, offsetof(TlsProtocol, phase), 0, nullptr},
    {"_write_buffer_size", T_PYSSIZET, offsetof(TlsProtocol, write_buffer_size), 0, nullptr},
    {"_app_protocol_is_buffer", T_BOOL, offsetof(TlsProtocol, app_protocol_is_buffer), 0, nullptr},
    {"_app_reading_paused", T_BOOL, offsetof(TlsProtocol, app_reading_paused), 0, nullptr},
    {"_app_writing_paused", T_BOOL, offsetof(TlsProtocol, app_writing_paused), 0, nullptr},
    {"_ssl_reading_paused", T_BOOL, offsetof(TlsProtocol, ssl_reading_paused), 0, nullptr},
    {"_ssl_writing_paused", T_BOOL, offsetof(TlsProtocol, ssl_writing_paused), 0, nullptr},
    {nullptr, 0, 0, 0, nullptr},
};
#pragma GCC diagnostic pop

PyDoc_STRVAR(doc, "What asyncio's SSLProtocol does for each message, in C++.");

PyType_Slot slots[] = {
    {Py_tp_doc, const_cast<char*>(doc)},
    {Py_tp_new, reinterpret_cast<void*>(create)},
    {Py_tp_dealloc, reinterpret_cast<void*>(dealloc)},
    {Py_tp_traverse, reinterpret_cast<void*>(traverse)},
    {Py_tp_clear, reinterpret_cast<void*>(clear)},
    {Py_tp_methods, methods},
    {Py_tp_getset, attributes},
    {Py_tp_members, members},
    {0, nullptr},
};

} // namespace

PyType_Spec tls_protocol_spec = {
    "hocket._hocket.TlsProtocol",
    sizeof(TlsProtocol),
    0,
    Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC,
    slots,
};

} // namespace hocket::python
