// create_task and create_future: asyncio's, without a Python frame in the usual case.

#include "loop.hpp"

namespace hocket::python {

namespace {

/// The object that asyncio's module has now under this name: tests replace Task and Future.
Ref current(PyObject* module, PyObject* name) { return Ref(PyObject_GetAttr(module, name)); }

/// asyncio.BaseEventLoop.create_task(self, …)
PyObject* create_by_asyncio(PyObject* self, PyObject* const* arguments, Py_ssize_t count,
                            PyObject* names) {
    const Py_ssize_t all = count + (names == nullptr ? 0 : PyTuple_GET_SIZE(names));
    const Ref positional(PyTuple_New(count + 1));
    const Ref named(PyDict_New());
    if (!positional || !named) {
        return nullptr;
    }
    PyTuple_SET_ITEM(positional.get(), 0, Py_NewRef(self));
    for (Py_ssize_t i = 0; i < count; ++i) {
        PyTuple_SET_ITEM(positional.get(), i + 1, Py_NewRef(arguments[i]));
    }
    for (Py_ssize_t i = count; i < all; ++i) {
        if (PyDict_SetItem(named.get(), PyTuple_GET_ITEM(names, i - count), arguments[i]) != 0) {
            return nullptr;
        }
    }
    return PyObject_Call(loop_of(self).state->base_create_task, positional.get(), named.get());
}

} // namespace

PyObject* create_task(PyObject* self, PyObject* const* arguments, Py_ssize_t count,
                      PyObject* names) {
    LoopObject& loop = loop_of(self);
    const ModuleState& state = *loop.state;
    // Everything unusual is asyncio's to decide: a factory, a name, a context, a traceback.
    bool is_usual = count == 1 && loop.task_factory == nullptr && !loop.is_debugging;
    for (Py_ssize_t i = 0; is_usual && names != nullptr && i < PyTuple_GET_SIZE(names); ++i) {
        PyObject* const name = PyTuple_GET_ITEM(names, i);
        is_usual = arguments[count + i] == Py_None &&
                   (PyUnicode_CompareWithASCIIString(name, "name") == 0 ||
                    PyUnicode_CompareWithASCIIString(name, "context") == 0);
    }
    if (!is_usual) {
        return create_by_asyncio(self, arguments, count, names);
    }
    if (!check_open(loop)) {
        return nullptr;
    }
    const Ref type = current(state.tasks, state.task);
    PyObject* const values[] = {arguments[0], self};
    return type ? PyObject_Vectorcall(type.get(), values, 1, state.loop_keyword) : nullptr;
}

PyObject* create_future(PyObject* self, PyObject*) {
    const ModuleState& state = *loop_of(self).state;
    const Ref type = current(state.futures, state.future);
    PyObject* const values[] = {self};
    return type ? PyObject_Vectorcall(type.get(), values, 0, state.loop_keyword) : nullptr;
}

} // namespace hocket::python
