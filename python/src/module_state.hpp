#pragma once

#include "python.hpp"

namespace hocket::python {

/// What belongs to the module: its types, and what it uses of asyncio.
struct ModuleState {
    PyTypeObject* loop_type;
    PyTypeObject* handle_type;
    PyTypeObject* timer_handle_type;

    // Functions of hocket._callbacks.
    PyObject* report_exception; // (loop, handle, exception)
    PyObject* report_slow;      // (loop, handle, seconds)
    PyObject* describe;         // (handle) -> str
    PyObject* extract_stack;    // (frame) -> StackSummary

    // Of asyncio.
    PyObject* tasks; // the modules
    PyObject* futures;
    PyObject* base_create_task; // BaseEventLoop.create_task

    // Names.
    PyObject* check_callback; // "_check_callback"
    PyObject* check_thread;   // "_check_thread"
    PyObject* slow_duration;  // "slow_callback_duration"
    PyObject* time;           // "time"
    PyObject* task;           // "Task"
    PyObject* future;         // "Future"
    PyObject* loop_keyword;   // ("loop",)
};

extern PyModuleDef module_definition;

[[nodiscard]] inline ModuleState& state_of(PyObject* module) noexcept {
    return *static_cast<ModuleState*>(PyModule_GetState(module));
}
/// Of a type of this module, not of a class derived from it.
[[nodiscard]] inline ModuleState& state_of(PyTypeObject* type) noexcept {
    return *static_cast<ModuleState*>(PyType_GetModuleState(type));
}

} // namespace hocket::python
