#include "handle.hpp"

#include <cstddef>
#include <new>

#include "handle_cache.hpp"
#include "loop.hpp"
#include "module_state.hpp"

namespace hocket::python {

namespace {

constinit HandleCache handles;
constinit HandleCache timer_handles;

void fill(HandleObject& handle, LoopObject& loop, const Call& call, PyObject* context,
          PyObject* tuple) noexcept {
    new (&handle.ready) ReadyNode;
    handle.loop = &loop;
    handle.weak_references = nullptr;
    handle.context = context;
    handle.callback = Py_NewRef(call.callback);
    handle.before_arguments = nullptr;
    handle.arguments[0] = handle.arguments[1] = handle.arguments[2] = nullptr;
    handle.source_traceback = nullptr;
    handle.text = nullptr;
    handle.has_tuple = tuple != nullptr;
    handle.is_timer = false;
    handle.is_watching = false;
    handle.is_queued = false;
    handle.is_running = false;
    handle.is_cancelled = false;
    if (tuple != nullptr) {
        handle.arguments[0] = tuple;
        handle.argument_count = 1;
        return;
    }
    handle.argument_count = static_cast<std::uint8_t>(call.argument_count);
    for (Py_ssize_t i = 0; i < call.argument_count; ++i) {
        handle.arguments[i] = Py_NewRef(call.arguments[i]);
    }
}

/// Where the caller of call_soon and the like is, for debug mode.
bool remember_source(ModuleState& state, HandleObject& handle) noexcept {
    PyFrameObject* const frame = PyEval_GetFrame();
    if (frame == nullptr) {
        return true;
    }
    handle.source_traceback =
        PyObject_CallOneArg(state.extract_stack, reinterpret_cast<PyObject*>(frame));
    return handle.source_traceback != nullptr;
}

/// The memory of a handle with everything but the timer; nullptr with an exception set.
HandleObject* create(ModuleState& state, PyTypeObject* type, HandleCache& cache, LoopObject& loop,
                     const Call& call) noexcept {
    PyObject* context = call.context == nullptr || call.context == Py_None
                            ? PyContext_CopyCurrent()
                            : Py_NewRef(call.context);
    if (context == nullptr) {
        return nullptr;
    }
    PyObject* tuple = nullptr;
    if (call.argument_count > HandleObject::inline_arguments) [[unlikely]] {
        tuple = PyTuple_New(call.argument_count);
        if (tuple == nullptr) {
            Py_DECREF(context);
            return nullptr;
        }
        for (Py_ssize_t i = 0; i < call.argument_count; ++i) {
            PyTuple_SET_ITEM(tuple, i, Py_NewRef(call.arguments[i]));
        }
    }
    HandleObject* handle = cache.take();
    if (handle == nullptr) {
        handle = static_cast<HandleObject*>(
            PyObject_Malloc(static_cast<std::size_t>(type->tp_basicsize)));
        if (handle == nullptr) {
            Py_DECREF(context);
            Py_XDECREF(tuple);
            PyErr_NoMemory();
            return nullptr;
        }
    }
    PyObject_Init(object(*handle), type);
    fill(*handle, loop, call, context, tuple);
    if (loop.is_debugging && !remember_source(state, *handle)) [[unlikely]] {
        Py_DECREF(handle);
        return nullptr;
    }
    return handle;
}

PyObject* call(HandleObject& handle) {
    if (handle.has_tuple) [[unlikely]] {
        return PyObject_CallObject(handle.callback, handle.arguments[0]);
    }
    return PyObject_Vectorcall(handle.callback, handle.arguments,
                               handle.argument_count | PY_VECTORCALL_ARGUMENTS_OFFSET, nullptr);
}

/// The current exception goes to the loop's exception handler, unless it ends the loop's run.
bool report_exception(HandleObject& handle) {
    if (PyErr_ExceptionMatches(PyExc_KeyboardInterrupt) ||
        PyErr_ExceptionMatches(PyExc_SystemExit)) {
        return false;
    }
    const Ref exception = take_exception();
    const Ref done(PyObject_CallFunctionObjArgs(handle.loop->state->report_exception,
                                                object(*handle.loop), object(handle),
                                                exception.get(), nullptr));
    return static_cast<bool>(done);
}

} // namespace

HandleObject* new_handle(ModuleState& state, LoopObject& loop, const Call& call) noexcept {
    return create(state, state.handle_type, handles, loop, call);
}

TimerHandleObject* new_timer_handle(ModuleState& state, LoopObject& loop, const Call& call,
                                    double when) noexcept {
    HandleObject* const handle = create(state, state.timer_handle_type, timer_handles, loop, call);
    if (handle == nullptr) {
        return nullptr;
    }
    auto* const timer = reinterpret_cast<TimerHandleObject*>(handle);
    handle->is_timer = true;
    new (&timer->timer) TimerNode;
    timer->when = when;
    timer->is_by_own_time = false;
    return timer;
}

void free_handle(HandleObject& handle) noexcept {
    PyTypeObject* const type = Py_TYPE(&handle);
    if (handle.weak_references != nullptr) {
        PyObject_ClearWeakRefs(object(handle));
    }
    clear_handle(handle);
    Py_CLEAR(handle.context);
    Py_CLEAR(handle.source_traceback);
    Py_CLEAR(handle.text);
    (handle.is_timer ? timer_handles : handles).give(&handle);
    Py_DECREF(type);
}

bool call_handle(HandleObject& handle) {
    if (handle.callback == nullptr) {
        return true;
    }
    handle.is_running = true;
    bool succeeded = PyContext_Enter(handle.context) == 0;
    if (succeeded) [[likely]] {
        PyObject* const result = call(handle);
        succeeded = PyContext_Exit(handle.context) == 0 && result != nullptr;
        Py_XDECREF(result);
    }
    const bool may_go_on = succeeded || report_exception(handle);
    handle.is_running = false;
    return may_go_on;
}

void clear_handle(HandleObject& handle) noexcept {
    PyObject* const callback = std::exchange(handle.callback, nullptr);
    const int count = std::exchange(handle.argument_count, std::uint8_t{0});
    handle.has_tuple = false;
    PyObject* arguments[HandleObject::inline_arguments];
    for (int i = 0; i < count; ++i) {
        arguments[i] = std::exchange(handle.arguments[i], nullptr);
    }
    // Only now: this may run code that looks at the handle.
    Py_XDECREF(callback);
    for (int i = 0; i < count; ++i) {
        Py_DECREF(arguments[i]);
    }
}

void release_handle(HandleObject& handle) noexcept {
    if (!handle.is_running) {
        handle.loop = nullptr;
    }
    Py_DECREF(&handle);
}

bool cancel_handle(HandleObject& handle) {
    if (handle.is_cancelled) {
        return true;
    }
    handle.is_cancelled = true;
    if (handle.loop != nullptr && handle.loop->is_debugging) {
        // For messages of debug mode, which still name the callback.
        Ref text(PyObject_Repr(object(handle)));
        if (!text) {
            return false;
        }
        Py_XSETREF(handle.text, text.release());
    }
    // While the callback runs, its arguments must stay. The loop clears them then.
    if (!handle.is_running) {
        clear_handle(handle);
    }
    if (handle.is_timer) {
        auto& timer = reinterpret_cast<TimerHandleObject&>(handle);
        if (timer.timer.is_armed() && handle.loop != nullptr) {
            handle.loop->core->disarm(timer);
            release_handle(handle);
        }
    }
    return true;
}

int traverse_handle(HandleObject& handle, visitproc visit, void* arg) noexcept {
    // Whoever else has the handle may be outside of what the collector looks at. What the handle
    // holds is then in use.
    if (Py_REFCNT(&handle) != 1) {
        return 0;
    }
    Py_VISIT(handle.context);
    Py_VISIT(handle.callback);
    for (int i = 0; i < handle.argument_count; ++i) {
        Py_VISIT(handle.arguments[i]);
    }
    Py_VISIT(handle.source_traceback);
    return 0;
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Winvalid-offsetof"
HandleObject& handle_of(engine::Runnable& node) noexcept {
    return *reinterpret_cast<HandleObject*>(reinterpret_cast<char*>(&node) -
                                            offsetof(HandleObject, ready));
}
TimerHandleObject& handle_of(engine::Timer& node) noexcept {
    return *reinterpret_cast<TimerHandleObject*>(reinterpret_cast<char*>(&node) -
                                                 offsetof(TimerHandleObject, timer));
}
#pragma GCC diagnostic pop

void ReadyNode::run() noexcept {}

void ReadyNode::discard() noexcept {
    HandleObject& handle = handle_of(*this);
    handle.is_queued = false;
    if (!handle.is_watching) {
        clear_handle(handle);
    }
    release_handle(handle);
}

void TimerNode::expire() noexcept {
    HandleObject& handle = handle_of(*this).handle;
    make_ready(*handle.loop, handle);
}

void TimerNode::discard() noexcept {
    HandleObject& handle = handle_of(*this).handle;
    clear_handle(handle);
    release_handle(handle);
}

} // namespace hocket::python
