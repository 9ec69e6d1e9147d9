// Turns of the loop: poll, then run what is ready.

#include "loop.hpp"

#include <new>
#include <typeinfo>

#include <sys/syscall.h>
#include <unistd.h>

#include "engine/trace.hpp"

namespace hocket::python {

namespace {

constexpr int calls_between_pauses = 64;

/// Calls signal handlers, and lets another Python thread run that has waited for the switch
/// interval. Returns false with an exception set.
///
/// Callbacks may all be C, and only Python code looks whether a thread waits; so this calls some.
/// Merely to release the GIL and take it again would wake that thread and be gone before it runs.
/// Done often, that keeps it from waiting long enough to be let in at all.
bool pause(LoopObject& loop) {
    loop.core->calls_until_pause = calls_between_pauses;
    const Ref done(PyObject_CallNoArgs(loop.state->give_way));
    return static_cast<bool>(done);
}

/// Calls it, and reports it if it takes longer than slow_callback_duration.
bool call_timed(LoopObject& loop, HandleObject& handle) {
    Py_XSETREF(loop.current_handle, Py_NewRef(object(handle)));
    double began = 0;
    double ended = 0;
    double limit = 0;
    bool may_go_on = time_of(loop, began) && call_handle(handle) && time_of(loop, ended);
    if (may_go_on) {
        const Ref duration(PyObject_GetAttr(object(loop), loop.state->slow_duration));
        limit = duration ? PyFloat_AsDouble(duration.get()) : -1;
        may_go_on = limit != -1 || PyErr_Occurred() == nullptr;
    }
    if (may_go_on && ended - began >= limit) {
        const Ref seconds(PyFloat_FromDouble(ended - began));
        const Ref reported(seconds ? PyObject_CallFunctionObjArgs(loop.state->report_slow,
                                                                  object(loop), object(handle),
                                                                  seconds.get(), nullptr)
                                   : nullptr);
        may_go_on = static_cast<bool>(reported);
    }
    Py_CLEAR(loop.current_handle);
    return may_go_on;
}

/// The loop's reference is given up.
void finish(HandleObject& handle) {
    if (!handle.is_watching) {
        clear_handle(handle);
        handle.loop = nullptr;
    }
    Py_DECREF(&handle);
}

bool run_handle(LoopObject& loop, HandleObject& handle) {
    handle.is_queued = false;
    const bool may_go_on = handle.is_cancelled ? true
                           : loop.is_debugging ? call_timed(loop, handle)
                                               : call_handle(handle);
    if (!may_go_on) [[unlikely]] {
        Ref exception = take_exception();
        finish(handle);
        raise_again(std::move(exception));
        return false;
    }
    finish(handle);
    return true;
}

/// One of a transport's methods as a handle that calls it: asyncio's name for it in messages.
Ref handle_for(LoopObject& loop, SocketTransport& transport, const TransportStep& step) {
    const Ref method(PyObject_GetAttrString(object(transport), step.method));
    return method ? Ref(reinterpret_cast<PyObject*>(new_handle(
                        *loop.state, loop, {method.get(), nullptr, 0, transport.*step.context})))
                  : Ref();
}

/// Calls it in its context. An exception goes to the loop's exception handler.
bool run_step(LoopObject& loop, SocketTransport& transport, const TransportStep& step) {
    if (loop.is_debugging) {
        const Ref handle = handle_for(loop, transport, step);
        return handle && call_timed(loop, *reinterpret_cast<HandleObject*>(handle.get()));
    }
    const Ref context = Ref::to(transport.*step.context);
    bool succeeded = PyContext_Enter(context.get()) == 0;
    if (succeeded) [[likely]] {
        succeeded = step.run(transport);
        succeeded = PyContext_Exit(context.get()) == 0 && succeeded;
    }
    if (succeeded) [[likely]] {
        return true;
    }
    if (ends_run()) {
        return false;
    }
    const Ref exception = take_exception();
    const Ref handle = handle_for(loop, transport, step);
    const Ref done(handle ? PyObject_CallFunctionObjArgs(loop.state->report_exception, object(loop),
                                                         handle.get(), exception.get(), nullptr)
                          : nullptr);
    return static_cast<bool>(done);
}

/// A transport that is ready. The queue's reference is given up.
bool run_transport(LoopObject& loop, TransportEvents& events) {
    SocketTransport& transport = transport_of(events);
    const Ref owned(object(transport));
    const std::uint32_t ready = events.take();
    if ((ready & engine::Watcher::readable) != 0 && !run_step(loop, transport, reading_step)) {
        events.put_back(ready & engine::Watcher::writable);
        return false;
    }
    // Reading may have ended the watch.
    if ((ready & events.interest() & engine::Watcher::writable) != 0 &&
        !run_step(loop, transport, writing_step)) {
        // What is left to do after the last byte must not wait until the peer has received it.
        events.put_back(engine::Watcher::writable);
        return false;
    }
    return true;
}

/// Runs what is ready. If an exception ends the run, the rest runs in the next turn.
bool run_ready(LoopObject& loop) {
    LoopCore& core = *loop.core;
    core.batch = core.reactor.ready().take_all();
    std::uint64_t steps = 0;
    bool may_go_on = true;
    while (may_go_on && !core.batch.empty()) {
        engine::Runnable& item = core.batch.pop();
        engine::trace_step(item);
        ++steps;
        // Runnable::run is noexcept, and Python may end this thread: see BlockingHooks.
        if (typeid(item) == typeid(ReadyNode)) [[likely]] {
            may_go_on = run_handle(loop, handle_of(item));
        } else if (typeid(item) == typeid(TransportEvents)) {
            may_go_on = run_transport(loop, static_cast<TransportEvents&>(item));
        } else {
            item.run();
        }
        if (--core.calls_until_pause <= 0) {
            may_go_on = may_go_on && pause(loop);
        }
    }
    core.reactor.ready().put_back(core.batch);
    core.reactor.end_turn(steps);
    return may_go_on;
}

/// With a time() of its own, the loop asks it before and after the poll.
bool poll_by_own_time(LoopObject& loop, bool may_sleep) {
    LoopCore& core = *loop.core;
    double now = 0;
    if (!time_of(loop, now)) {
        return false;
    }
    may_sleep = core.own_timers->may_sleep(deadline_of(now)) && may_sleep;
    core.reactor.poll(may_sleep);
    if (!time_of(loop, now)) {
        return false;
    }
    core.own_timers->queue().expire(deadline_of(now));
    return true;
}

bool poll(LoopObject& loop) {
    LoopCore& core = *loop.core;
    if (core.own_timers && !core.own_timers->queue().empty()) [[unlikely]] {
        return poll_by_own_time(loop, !loop.is_stopping);
    }
    core.reactor.poll(!loop.is_stopping);
    return true;
}

bool run_until_stopped(LoopObject& loop) {
    // What became ready before the run is seen in its first turn, also if that is the only one.
    loop.core->reactor.poll_next_turn();
    do {
        if (!poll(loop) || PyErr_CheckSignals() != 0 || !run_ready(loop)) {
            return false;
        }
    } while (!loop.is_stopping);
    return true;
}

} // namespace

PyObject* run_once(PyObject* self, PyObject*) {
    LoopObject& loop = loop_of(self);
    if (!check_open(loop)) {
        return nullptr;
    }
    auto& thread = (*loop.core->status).thread;
    thread.store(static_cast<std::uint32_t>(::syscall(SYS_gettid)), std::memory_order_relaxed);
    bool finished = false;
    try {
        finished = run_until_stopped(loop);
    } catch (const std::bad_alloc&) {
        PyErr_NoMemory();
    }
    thread.store(0, std::memory_order_relaxed);
    if (!finished) {
        return nullptr;
    }
    Py_RETURN_NONE;
}

PyObject* stop(PyObject* self, PyObject*) {
    loop_of(self).is_stopping = true;
    Py_RETURN_NONE;
}

PyObject* wake(PyObject* self, PyObject*) {
    wake_if_asleep(loop_of(self));
    Py_RETURN_NONE;
}

} // namespace hocket::python
