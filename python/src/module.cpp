// The module hocket._hocket.

#include "loop.hpp"
#include "module_state.hpp"

namespace hocket::python {

namespace {

/// Everything that the module owns, for the collector.
template <class Visit> void for_each_object(ModuleState& state, Visit visit) {
    for (PyTypeObject** type : {&state.loop_type, &state.handle_type, &state.timer_handle_type}) {
        visit(reinterpret_cast<PyObject**>(type));
    }
    for (PyObject** object :
         {&state.report_exception, &state.report_slow, &state.describe, &state.extract_stack,
          &state.check_callback, &state.check_thread, &state.slow_duration, &state.time,
          &state.tasks, &state.futures, &state.base_create_task, &state.task, &state.future,
          &state.loop_keyword}) {
        visit(object);
    }
}

int traverse(PyObject* module, visitproc visit, void* arg) {
    int result = 0;
    for_each_object(state_of(module), [&](PyObject** object) {
        if (result == 0 && *object != nullptr) {
            result = visit(*object, arg);
        }
    });
    return result;
}

int clear(PyObject* module) {
    for_each_object(state_of(module), [](PyObject** object) { Py_CLEAR(*object); });
    return 0;
}

bool add_type(PyObject* module, PyType_Spec& spec, PyTypeObject* base, PyTypeObject*& type) {
    const Ref bases(base == nullptr ? nullptr : PyTuple_Pack(1, base));
    if (base != nullptr && !bases) {
        return false;
    }
    type = reinterpret_cast<PyTypeObject*>(PyType_FromModuleAndSpec(module, &spec, bases.get()));
    return type != nullptr && PyModule_AddType(module, type) == 0;
}

bool import_callbacks(ModuleState& state) {
    const Ref callbacks(PyImport_ImportModule("hocket._callbacks"));
    if (!callbacks) {
        return false;
    }
    state.report_exception = PyObject_GetAttrString(callbacks.get(), "report_exception");
    state.report_slow = PyObject_GetAttrString(callbacks.get(), "report_slow");
    state.describe = PyObject_GetAttrString(callbacks.get(), "describe");
    state.extract_stack = PyObject_GetAttrString(callbacks.get(), "extract_stack");
    return state.report_exception != nullptr && state.report_slow != nullptr &&
           state.describe != nullptr && state.extract_stack != nullptr;
}

bool import_asyncio(ModuleState& state) {
    state.tasks = PyImport_ImportModule("asyncio.tasks");
    state.futures = PyImport_ImportModule("asyncio.futures");
    const Ref events(PyImport_ImportModule("asyncio.base_events"));
    const Ref base(events ? PyObject_GetAttrString(events.get(), "BaseEventLoop") : nullptr);
    state.base_create_task = base ? PyObject_GetAttrString(base.get(), "create_task") : nullptr;
    return state.tasks != nullptr && state.futures != nullptr && state.base_create_task != nullptr;
}

bool make_names(ModuleState& state) {
    state.check_callback = PyUnicode_InternFromString("_check_callback");
    state.check_thread = PyUnicode_InternFromString("_check_thread");
    state.slow_duration = PyUnicode_InternFromString("slow_callback_duration");
    state.time = PyUnicode_InternFromString("time");
    state.task = PyUnicode_InternFromString("Task");
    state.future = PyUnicode_InternFromString("Future");
    state.loop_keyword = Py_BuildValue("(N)", PyUnicode_InternFromString("loop"));
    return state.check_callback != nullptr && state.check_thread != nullptr &&
           state.slow_duration != nullptr && state.time != nullptr && state.task != nullptr &&
           state.future != nullptr && state.loop_keyword != nullptr;
}

int execute(PyObject* module) {
    if (PyInterpreterState_Get() != PyInterpreterState_Main()) {
        PyErr_SetString(PyExc_ImportError,
                        "hocket's event loop works in the main interpreter only, not in "
                        "subinterpreters; use asyncio's there");
        return -1;
    }
    ModuleState& state = state_of(module);
    const bool done =
        import_callbacks(state) && import_asyncio(state) && make_names(state) &&
        add_type(module, loop_spec, nullptr, state.loop_type) &&
        add_type(module, handle_spec, nullptr, state.handle_type) &&
        add_type(module, timer_handle_spec, state.handle_type, state.timer_handle_type);
    return done ? 0 : -1;
}

PyModuleDef_Slot slots[] = {
    {Py_mod_exec, reinterpret_cast<void*>(execute)},
#if PY_VERSION_HEX >= 0x030C0000
    {Py_mod_multiple_interpreters, Py_MOD_MULTIPLE_INTERPRETERS_NOT_SUPPORTED},
#endif
    {0, nullptr},
};

} // namespace

PyModuleDef module_definition = {
    PyModuleDef_HEAD_INIT,
    "hocket._hocket",
    "The C++ part of hocket's event loop.",
    sizeof(ModuleState),
    nullptr,
    slots,
    traverse,
    clear,
    [](void* module) { clear(static_cast<PyObject*>(module)); },
};

} // namespace hocket::python

PyMODINIT_FUNC PyInit__hocket() { return PyModuleDef_Init(&hocket::python::module_definition); }
