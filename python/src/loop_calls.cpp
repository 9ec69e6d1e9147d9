// call_soon, call_later, call_at, time.

#include "loop.hpp"

#include <cmath>
#include <limits>
#include <new>

namespace hocket::python {

namespace {

using engine::Nanoseconds;

/// A method that takes `positional` arguments, a callback, its arguments, and the context by name.
struct Parsed {
    PyObject* first = nullptr; // the time
    Call call{};
};

bool is_name(PyObject* name, const char* text) {
    return PyUnicode_CompareWithASCIIString(name, text) == 0;
}

bool parse_names(const char* method, const char* first_name, PyObject* const* values,
                 PyObject* names, Parsed& parsed) {
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(names); ++i) {
        PyObject* const name = PyTuple_GET_ITEM(names, i);
        if (is_name(name, "context")) {
            parsed.call.context = values[i];
        } else if (is_name(name, "callback") && parsed.call.callback == nullptr) {
            parsed.call.callback = values[i];
        } else if (first_name != nullptr && is_name(name, first_name) && parsed.first == nullptr) {
            parsed.first = values[i];
        } else {
            PyErr_Format(PyExc_TypeError, "%s() got an unexpected keyword argument '%U'", method,
                         name);
            return false;
        }
    }
    return true;
}

bool parse(const char* method, const char* first_name, PyObject* const* arguments, Py_ssize_t count,
           PyObject* names, Parsed& parsed) {
    PyObject* const* const values = arguments + count;
    if (first_name != nullptr && count > 0) {
        parsed.first = *arguments++;
        --count;
    }
    if (count > 0) {
        parsed.call.callback = *arguments++;
        --count;
    }
    parsed.call.arguments = arguments;
    parsed.call.argument_count = count;
    if (names != nullptr && !parse_names(method, first_name, values, names, parsed)) {
        return false;
    }
    if (parsed.call.callback == nullptr || (first_name != nullptr && parsed.first == nullptr)) {
        PyErr_Format(PyExc_TypeError, "%s() missing a required positional argument: '%s'", method,
                     parsed.call.callback == nullptr ? "callback" : first_name);
        return false;
    }
    return true;
}

/// What debug mode checks: the thread, and that the callback can be called.
bool check_call(LoopObject& loop, PyObject* callback, const char* method, bool any_thread = false) {
    if (!any_thread) {
        const Ref checked(PyObject_CallMethodNoArgs(object(loop), loop.state->check_thread));
        if (!checked) {
            return false;
        }
    }
    const Ref name(PyUnicode_FromString(method));
    const Ref checked(name ? PyObject_CallMethodObjArgs(object(loop), loop.state->check_callback,
                                                        callback, name.get(), nullptr)
                           : nullptr);
    return static_cast<bool>(checked);
}

PyObject* soon(LoopObject& loop, const Call& call) {
    HandleObject* const handle = new_handle(*loop.state, loop, call);
    if (handle == nullptr) {
        return nullptr;
    }
    Py_INCREF(handle);
    make_ready(loop, *handle);
    return object(*handle);
}

double seconds_of(Nanoseconds time) noexcept { return static_cast<double>(time) / 1e9; }

PyObject* at(LoopObject& loop, const Call& call, double when) {
    double own_now = 0;
    if (loop.has_own_time && !time_of(loop, own_now)) {
        return nullptr;
    }
    TimerHandleObject* const timer = new_timer_handle(*loop.state, loop, call, when);
    if (timer == nullptr) {
        return nullptr;
    }
    try {
        loop.core->arm(*timer, deadline_of(when), deadline_of(own_now));
    } catch (const std::bad_alloc&) {
        Py_DECREF(timer);
        return PyErr_NoMemory();
    }
    return Py_NewRef(object(timer->handle));
}

/// A call with a time: `first_name` is its name, and `none_text` the error for None.
bool parse_timed(LoopObject& loop, const char* method, const char* first_name,
                 const char* none_text, PyObject* const* arguments, Py_ssize_t count,
                 PyObject* names, Parsed& parsed, double& seconds) {
    if (!parse(method, first_name, arguments, count, names, parsed)) {
        return false;
    }
    if (parsed.first == Py_None) {
        PyErr_SetString(PyExc_TypeError, none_text);
        return false;
    }
    seconds = PyFloat_AsDouble(parsed.first);
    if ((seconds == -1 && PyErr_Occurred() != nullptr) || !check_open(loop)) {
        return false;
    }
    // asyncio's call_later() checks in call_at().
    return !loop.is_debugging || check_call(loop, parsed.call.callback, "call_at");
}

} // namespace

Nanoseconds deadline_of(double when) noexcept {
    constexpr double most = 9.2e18;
    const double nanoseconds = std::ceil(when * 1e9);
    if (!(nanoseconds > 0)) {
        return 0;
    }
    return nanoseconds >= most ? std::numeric_limits<Nanoseconds>::max()
                               : static_cast<Nanoseconds>(nanoseconds);
}

bool schedule(LoopObject& loop, const Call& call) noexcept {
    const Ref handle(check_open(loop) ? soon(loop, call) : nullptr);
    return static_cast<bool>(handle);
}

PyObject* call_soon(PyObject* self, PyObject* const* arguments, Py_ssize_t count, PyObject* names) {
    LoopObject& loop = loop_of(self);
    Parsed parsed;
    if (!parse("call_soon", nullptr, arguments, count, names, parsed) || !check_open(loop)) {
        return nullptr;
    }
    if (loop.is_debugging && !check_call(loop, parsed.call.callback, "call_soon")) {
        return nullptr;
    }
    return soon(loop, parsed.call);
}

PyObject* call_soon_threadsafe(PyObject* self, PyObject* const* arguments, Py_ssize_t count,
                               PyObject* names) {
    LoopObject& loop = loop_of(self);
    Parsed parsed;
    if (!parse("call_soon_threadsafe", nullptr, arguments, count, names, parsed) ||
        !check_open(loop)) {
        return nullptr;
    }
    if (loop.is_debugging &&
        !check_call(loop, parsed.call.callback, "call_soon_threadsafe", true)) {
        return nullptr;
    }
    PyObject* const handle = soon(loop, parsed.call);
    if (handle != nullptr) {
        wake_if_asleep(loop);
    }
    return handle;
}

PyObject* call_later(PyObject* self, PyObject* const* arguments, Py_ssize_t count,
                     PyObject* names) {
    LoopObject& loop = loop_of(self);
    Parsed parsed;
    double delay = 0;
    double now = 0;
    if (!parse_timed(loop, "call_later", "delay", "delay must not be None", arguments, count, names,
                     parsed, delay) ||
        !time_of(loop, now)) {
        return nullptr;
    }
    return at(loop, parsed.call, now + delay);
}

PyObject* call_at(PyObject* self, PyObject* const* arguments, Py_ssize_t count, PyObject* names) {
    LoopObject& loop = loop_of(self);
    Parsed parsed;
    double when = 0;
    if (!parse_timed(loop, "call_at", "when", "when cannot be None", arguments, count, names,
                     parsed, when)) {
        return nullptr;
    }
    return at(loop, parsed.call, when);
}

PyObject* loop_time(PyObject*, PyObject*) {
    return PyFloat_FromDouble(seconds_of(engine::Reactor::now()));
}

bool time_of(LoopObject& loop, double& seconds) {
    if (!loop.has_own_time) [[likely]] {
        seconds = seconds_of(engine::Reactor::now());
        return true;
    }
    const Ref time(PyObject_CallMethodNoArgs(object(loop), loop.state->time));
    seconds = time ? PyFloat_AsDouble(time.get()) : -1;
    return time && (seconds != -1 || PyErr_Occurred() == nullptr);
}

} // namespace hocket::python
