// The types Handle and TimerHandle, as Python sees them.

#include "handle.hpp"

#include <cstddef>

#include <structmember.h>

#include "loop.hpp"
#include "module_state.hpp"

namespace hocket::python {

namespace {

HandleObject& self_of(PyObject* object) noexcept {
    return *reinterpret_cast<HandleObject*>(object);
}
TimerHandleObject& timer_of(PyObject* object) noexcept {
    return *reinterpret_cast<TimerHandleObject*>(object);
}

PyObject* or_none(PyObject* value) noexcept {
    return Py_NewRef(value != nullptr ? value : Py_None);
}

void dealloc(PyObject* self) { free_handle(self_of(self)); }

PyObject* cancel(PyObject* self, PyObject*) {
    if (!cancel_handle(self_of(self))) {
        return nullptr;
    }
    Py_RETURN_NONE;
}

PyObject* cancelled(PyObject* self, PyObject*) {
    return PyBool_FromLong(self_of(self).is_cancelled);
}

PyObject* get_context(PyObject* self, PyObject*) { return or_none(self_of(self).context); }

PyObject* run(PyObject* self, PyObject*) {
    HandleObject& handle = self_of(self);
    if (handle.loop != nullptr && !handle.is_running && !call_handle(handle)) {
        return nullptr;
    }
    Py_RETURN_NONE;
}

PyObject* repr(PyObject* self) {
    if (self_of(self).text != nullptr) {
        return Py_NewRef(self_of(self).text);
    }
    auto* const state = static_cast<ModuleState*>(PyType_GetModuleState(Py_TYPE(self)));
    return state == nullptr ? nullptr : PyObject_CallOneArg(state->describe, self);
}

PyObject* get_callback(PyObject* self, void*) { return or_none(self_of(self).callback); }
PyObject* get_arguments(PyObject* self, void*) {
    const HandleObject& handle = self_of(self);
    if (handle.callback == nullptr) {
        Py_RETURN_NONE;
    }
    if (handle.has_tuple) {
        return Py_NewRef(handle.arguments[0]);
    }
    PyObject* const tuple = PyTuple_New(handle.argument_count);
    for (int i = 0; tuple != nullptr && i < handle.argument_count; ++i) {
        PyTuple_SET_ITEM(tuple, i, Py_NewRef(handle.arguments[i]));
    }
    return tuple;
}
PyObject* get_loop(PyObject* self, void*) {
    return or_none(reinterpret_cast<PyObject*>(self_of(self).loop));
}
PyObject* get_source(PyObject* self, void*) { return or_none(self_of(self).source_traceback); }
PyObject* get_cancelled(PyObject* self, void*) { return cancelled(self, nullptr); }
PyObject* get_its_context(PyObject* self, void*) { return get_context(self, nullptr); }
PyObject* get_debug(PyObject* self, void*) {
    return PyBool_FromLong(self_of(self).loop != nullptr && self_of(self).loop->is_debugging);
}

PyMethodDef methods[] = {
    {"cancel", cancel, METH_NOARGS, "Cancel the callback. Does nothing if it has run."},
    {"cancelled", cancelled, METH_NOARGS, "Return whether cancel() was called."},
    {"get_context", get_context, METH_NOARGS, "Return the context that the callback runs in."},
    {"_run", run, METH_NOARGS, nullptr},
    {nullptr, nullptr, 0, nullptr},
};

PyGetSetDef attributes[] = {
    {"_callback", get_callback, nullptr, nullptr, nullptr},
    {"_args", get_arguments, nullptr, nullptr, nullptr},
    {"_context", get_its_context, nullptr, nullptr, nullptr},
    {"_loop", get_loop, nullptr, nullptr, nullptr},
    {"_cancelled", get_cancelled, nullptr, nullptr, nullptr},
    {"_source_traceback", get_source, nullptr, nullptr, nullptr},
    {"_debug", get_debug, nullptr, nullptr, nullptr},
    {nullptr, nullptr, nullptr, nullptr, nullptr},
};

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Winvalid-offsetof"
// CPython 3.11 has no other way to tell where the weak references are.
PyMemberDef members[] = {
    {"__weaklistoffset__", T_PYSSIZET, offsetof(HandleObject, weak_references), READONLY, nullptr},
    {nullptr, 0, 0, 0, nullptr},
};
#pragma GCC diagnostic pop

PyDoc_STRVAR(handle_doc, "What call_soon and call_soon_threadsafe return: asyncio.Handle.");

PyType_Slot handle_slots[] = {
    {Py_tp_doc, const_cast<char*>(handle_doc)},
    {Py_tp_dealloc, reinterpret_cast<void*>(dealloc)},
    {Py_tp_repr, reinterpret_cast<void*>(repr)},
    {Py_tp_methods, methods},
    {Py_tp_getset, attributes},
    {Py_tp_members, members},
    {0, nullptr},
};

// --- TimerHandle

PyObject* when(PyObject* self, PyObject*) { return PyFloat_FromDouble(timer_of(self).when); }
PyObject* get_when(PyObject* self, void*) { return when(self, nullptr); }
PyObject* get_scheduled(PyObject* self, void*) {
    return PyBool_FromLong(timer_of(self).timer.is_armed());
}

Py_hash_t hash(PyObject* self) {
    const Ref time(when(self, nullptr));
    return time ? PyObject_Hash(time.get()) : -1;
}

bool same_calls(PyObject* a, PyObject* b, int& result) {
    const Ref arguments_a(get_arguments(a, nullptr));
    const Ref arguments_b(get_arguments(b, nullptr));
    const Ref callback_a(get_callback(a, nullptr));
    const Ref callback_b(get_callback(b, nullptr));
    if (!arguments_a || !arguments_b) {
        return false;
    }
    result = PyObject_RichCompareBool(callback_a.get(), callback_b.get(), Py_EQ);
    if (result == 1) {
        result = PyObject_RichCompareBool(arguments_a.get(), arguments_b.get(), Py_EQ);
    }
    if (result == 1) {
        result = self_of(a).is_cancelled == self_of(b).is_cancelled;
    }
    return result >= 0;
}

// As asyncio's: by time; equal are those that would make the same call.
PyObject* compare(PyObject* self, PyObject* other, int operation) {
    if (Py_TYPE(self) != Py_TYPE(other)) {
        Py_RETURN_NOTIMPLEMENTED;
    }
    const double a = timer_of(self).when;
    const double b = timer_of(other).when;
    int equal = 0;
    if (operation != Py_LT && operation != Py_GT && a == b && !same_calls(self, other, equal)) {
        return nullptr;
    }
    switch (operation) {
    case Py_LT: return PyBool_FromLong(a < b);
    case Py_GT: return PyBool_FromLong(a > b);
    case Py_LE: return PyBool_FromLong(a < b || equal != 0);
    case Py_GE: return PyBool_FromLong(a > b || equal != 0);
    case Py_NE: return PyBool_FromLong(equal == 0);
    default: return PyBool_FromLong(equal != 0);
    }
}

PyMethodDef timer_methods[] = {
    {"when", when, METH_NOARGS, "Return the time of the call, in seconds of loop.time()."},
    {nullptr, nullptr, 0, nullptr},
};

PyGetSetDef timer_attributes[] = {
    {"_when", get_when, nullptr, nullptr, nullptr},
    {"_scheduled", get_scheduled, nullptr, nullptr, nullptr},
    {nullptr, nullptr, nullptr, nullptr, nullptr},
};

PyDoc_STRVAR(timer_doc, "What call_later and call_at return: asyncio.TimerHandle.");

PyType_Slot timer_slots[] = {
    {Py_tp_doc, const_cast<char*>(timer_doc)},
    {Py_tp_dealloc, reinterpret_cast<void*>(dealloc)},
    {Py_tp_hash, reinterpret_cast<void*>(hash)},
    {Py_tp_richcompare, reinterpret_cast<void*>(compare)},
    {Py_tp_methods, timer_methods},
    {Py_tp_getset, timer_attributes},
    {0, nullptr},
};

} // namespace

PyType_Spec handle_spec = {
    "hocket._hocket.Handle",
    sizeof(HandleObject),
    0,
    Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    handle_slots,
};

PyType_Spec timer_handle_spec = {
    "hocket._hocket.TimerHandle",
    sizeof(TimerHandleObject),
    0,
    Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    timer_slots,
};

} // namespace hocket::python
