// The type Loop, as Python sees it.

#include "loop.hpp"

#include <cstddef>
#include <new>
#include <system_error>

#include <structmember.h>

namespace hocket::python {

namespace {

bool is_replaced(PyTypeObject* type, const ModuleState& state, PyObject* name) {
    const Ref its(PyObject_GetAttr(reinterpret_cast<PyObject*>(type), name));
    const Ref ours(PyObject_GetAttr(reinterpret_cast<PyObject*>(state.loop_type), name));
    return its.get() != ours.get();
}

PyObject* create(PyTypeObject* type, PyObject*, PyObject*) {
    PyObject* const module = PyType_GetModuleByDef(type, &module_definition);
    if (module == nullptr) {
        return nullptr;
    }
    auto* const loop = reinterpret_cast<LoopObject*>(type->tp_alloc(type, 0));
    if (loop == nullptr) {
        return nullptr;
    }
    Ref owned(reinterpret_cast<PyObject*>(loop));
    loop->state = &state_of(module);
    loop->is_closed = true; // until asyncio's __init__ opens it
    loop->has_own_time = is_replaced(type, *loop->state, loop->state->time);
    try {
        loop->core = new LoopCore(*loop);
    } catch (const std::system_error& error) {
        errno = error.code().value();
        return PyErr_SetFromErrno(PyExc_OSError);
    } catch (const std::bad_alloc&) {
        return PyErr_NoMemory();
    }
    return owned.release();
}

void close_core(LoopObject& loop) {
    if (loop.core != nullptr) {
        loop.is_closed = true;
        loop.core->discard_all();
        delete std::exchange(loop.core, nullptr);
    }
}

int traverse(PyObject* self, visitproc visit, void* arg) {
    const LoopObject& loop = loop_of(self);
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(loop.current_handle);
    Py_VISIT(loop.task_factory);
    if (loop.core == nullptr) {
        return 0;
    }
    int result = 0;
    const auto visit_handle = [&](HandleObject& handle) {
        if (result == 0) {
            result = traverse_handle(handle, visit, arg);
        }
    };
    const auto visit_transport = [&](TransportEvents& events) {
        if (result == 0) {
            result = visit(object(transport_of(events)), arg);
        }
    };
    const auto visit_queue = [&](const engine::ReadyQueue& queue) {
        for (engine::Runnable* item = queue.front(); item != nullptr;
             item = engine::ReadyQueue::after(*item)) {
            if (typeid(*item) == typeid(ReadyNode)) {
                visit_handle(handle_of(*item));
            } else if (typeid(*item) == typeid(TransportEvents)) {
                visit_transport(static_cast<TransportEvents&>(*item));
            }
        }
    };
    const auto visit_timer = [&](engine::Timer& timer) {
        if (typeid(timer) == typeid(TimerNode)) {
            visit_handle(handle_of(timer).handle);
        }
    };
    LoopCore& core = *loop.core;
    visit_queue(core.batch);
    visit_queue(core.reactor.ready());
    core.reactor.timers().for_each(visit_timer);
    if (core.own_timers) {
        core.own_timers->queue().for_each(visit_timer);
    }
    for (TransportEvents* events = core.watched_transports.front(); events != nullptr;
         events = core.watched_transports.after(*events)) {
        visit_transport(*events);
    }
    core.watches.for_each([&](const DescriptorWatch& watch) {
        for (HandleObject* const handle : {watch.reader(), watch.writer()}) {
            // A queued one has a second reference, and is visited when it has run.
            if (handle != nullptr) {
                visit_handle(*handle);
            }
        }
        if (result == 0 && watch.file) {
            result = visit(watch.file.get(), arg);
        }
    });
    return result;
}

int clear(PyObject* self) {
    LoopObject& loop = loop_of(self);
    close_core(loop);
    Py_CLEAR(loop.current_handle);
    Py_CLEAR(loop.task_factory);
    return 0;
}

void dealloc(PyObject* self) {
    PyTypeObject* const type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    if (loop_of(self).weak_references != nullptr) {
        PyObject_ClearWeakRefs(self);
    }
    clear(self);
    type->tp_free(self);
    Py_DECREF(type);
}

/// Frees what an open loop has. asyncio's close() sets _closed before.
PyObject* close(PyObject* self, PyObject*) {
    close_core(loop_of(self));
    Py_RETURN_NONE;
}

PyObject* is_closed(PyObject* self, PyObject*) { return PyBool_FromLong(loop_of(self).is_closed); }
PyObject* get_debug(PyObject* self, PyObject*) {
    return PyBool_FromLong(loop_of(self).is_debugging);
}

/// loop.time = … : tests do that.
int set_attribute(PyObject* self, PyObject* name, PyObject* value) {
    const int result = PyObject_GenericSetAttr(self, name, value);
    LoopObject& loop = loop_of(self);
    if (result == 0 && PyUnicode_Compare(name, loop.state->time) == 0) {
        loop.has_own_time = value != nullptr || is_replaced(Py_TYPE(self), *loop.state, name);
    }
    return result;
}

template <bool LoopObject::*flag> PyObject* get_flag(PyObject* self, void*) {
    return PyBool_FromLong(loop_of(self).*flag);
}
template <bool LoopObject::*flag> int set_flag(PyObject* self, PyObject* value, void*) {
    const int is_true = value == nullptr ? 0 : PyObject_IsTrue(value);
    if (is_true >= 0) {
        loop_of(self).*flag = is_true != 0;
    }
    return is_true >= 0 ? 0 : -1;
}

template <PyObject* LoopObject::*place> PyObject* get_object(PyObject* self, void*) {
    PyObject* const value = loop_of(self).*place;
    return Py_NewRef(value != nullptr ? value : Py_None);
}
template <PyObject* LoopObject::*place> int set_object(PyObject* self, PyObject* value, void*) {
    Py_XSETREF(loop_of(self).*place, value == Py_None ? nullptr : Py_XNewRef(value));
    return 0;
}

template <class Function> PyCFunction method(Function function) {
    return reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(function));
}

PyMethodDef methods[] = {
    {"call_soon", method(call_soon), METH_FASTCALL | METH_KEYWORDS,
     "call_soon(callback, *args, context=None): run the callback in the next turn."},
    {"call_soon_threadsafe", method(call_soon_threadsafe), METH_FASTCALL | METH_KEYWORDS,
     "call_soon_threadsafe(callback, *args, context=None): the same, from any thread."},
    {"call_later", method(call_later), METH_FASTCALL | METH_KEYWORDS,
     "call_later(delay, callback, *args, context=None): run it in `delay` seconds."},
    {"call_at", method(call_at), METH_FASTCALL | METH_KEYWORDS,
     "call_at(when, callback, *args, context=None): run it at a time of loop.time()."},
    {"create_task", method(create_task), METH_FASTCALL | METH_KEYWORDS,
     "create_task(coro, *, name=None, context=None): run the coroutine as a task."},
    {"create_future", create_future, METH_NOARGS, "A new asyncio.Future of this loop."},
    {"time", loop_time, METH_NOARGS, "The time of the loop's clock, in seconds."},
    {"stop", stop, METH_NOARGS, "Stop the loop at the end of its turn."},
    {"is_closed", is_closed, METH_NOARGS, "Return whether the loop is closed."},
    {"get_debug", get_debug, METH_NOARGS, "Return whether the loop is in debug mode."},
    // What asyncio's classes call.
    {"_run_once", run_once, METH_NOARGS, "Run turns until the loop is asked to stop."},
    {"_add_reader", method(add_reader), METH_FASTCALL, nullptr},
    {"_add_writer", method(add_writer), METH_FASTCALL, nullptr},
    {"_remove_reader", remove_reader, METH_O, nullptr},
    {"_remove_writer", remove_writer, METH_O, nullptr},
    {"_write_to_self", wake, METH_NOARGS, "End the loop's sleep. May be called from any thread."},
    // What hocket.Loop calls.
    {"_watched", watched_events, METH_O, "The handles of a descriptor: (reader, writer)."},
    {"_socket_transport", socket_transport, METH_O, "The transport of a descriptor, or None."},
    {"_close_engine", close, METH_NOARGS, nullptr},
    {nullptr, nullptr, 0, nullptr},
};

PyGetSetDef attributes[] = {
    {"_closed", get_flag<&LoopObject::is_closed>, set_flag<&LoopObject::is_closed>, nullptr,
     nullptr},
    {"_stopping", get_flag<&LoopObject::is_stopping>, set_flag<&LoopObject::is_stopping>, nullptr,
     nullptr},
    {"_debug", get_flag<&LoopObject::is_debugging>, set_flag<&LoopObject::is_debugging>, nullptr,
     nullptr},
    {"_current_handle", get_object<&LoopObject::current_handle>,
     set_object<&LoopObject::current_handle>, nullptr, nullptr},
    {"_task_factory", get_object<&LoopObject::task_factory>, set_object<&LoopObject::task_factory>,
     nullptr, nullptr},
    {nullptr, nullptr, nullptr, nullptr, nullptr},
};

PyMemberDef members[] = {
    {"__weaklistoffset__", T_PYSSIZET, offsetof(LoopObject, weak_references), READONLY, nullptr},
    {nullptr, 0, 0, 0, nullptr},
};

PyDoc_STRVAR(doc, "What an event loop does often, in C++. hocket.Loop is the whole loop.");

PyType_Slot slots[] = {
    {Py_tp_doc, const_cast<char*>(doc)},
    {Py_tp_new, reinterpret_cast<void*>(create)},
    {Py_tp_dealloc, reinterpret_cast<void*>(dealloc)},
    {Py_tp_traverse, reinterpret_cast<void*>(traverse)},
    {Py_tp_clear, reinterpret_cast<void*>(clear)},
    {Py_tp_setattro, reinterpret_cast<void*>(set_attribute)},
    {Py_tp_methods, methods},
    {Py_tp_getset, attributes},
    {Py_tp_members, members},
    {0, nullptr},
};

} // namespace

PyType_Spec loop_spec = {
    "hocket._hocket.Loop",
    sizeof(LoopObject),
    0,
    Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC,
    slots,
};

} // namespace hocket::python
