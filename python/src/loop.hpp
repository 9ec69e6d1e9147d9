#pragma once

#include "python.hpp"

#include <memory>
#include <optional>
#include <vector>

#include "engine/reactor.hpp"

#include "descriptor_watch.hpp"
#include "handle.hpp"
#include "module_state.hpp"
#include "own_timers.hpp"
#include "socket_transport.hpp"

namespace hocket::python {

/// The C++ part of an open loop.
struct LoopCore {
    explicit LoopCore(LoopObject& loop);
    ~LoopCore();
    LoopCore(const LoopCore&) = delete;
    LoopCore& operator=(const LoopCore&) = delete;

    /// Throws std::bad_alloc.
    void arm(TimerHandleObject& timer, engine::Nanoseconds deadline, engine::Nanoseconds own_now);
    void disarm(TimerHandleObject& timer) noexcept;
    /// Lets go of everything that would have run.
    void discard_all() noexcept;

    /// Where received bytes go before they are the protocol's. As much at once as asyncio receives.
    static constexpr std::size_t receive_size = std::size_t{256} * 1024;
    /// Returns nullptr with MemoryError set.
    [[nodiscard]] char* receive_buffer() noexcept;

    LoopObject& loop;
    engine::OwnLoopStatus status;
    engine::Reactor reactor;
    engine::ReadyQueue batch; // what is left of the turn that runs
    DescriptorWatches watches;
    engine::IntrusiveList<TransportEvents> watched_transports; // the loop owns a reference of each
    std::vector<SocketTransport*> transports;                  // by descriptor; not owned
    std::unique_ptr<char[]> received;
    std::unique_ptr<OwnTimers> own_timers; // if time() was replaced
    bool is_asleep = false;                // changed with the GIL only
    PyThreadState* released = nullptr;     // while it sleeps, without the GIL
    int calls_until_pause = 0;
};

/// The base of hocket.Loop: what asyncio's loops do often.
struct LoopObject {
    PyObject_HEAD ModuleState* state;
    LoopCore* core; // nullptr once it is closed
    PyObject* weak_references;
    PyObject* current_handle; // in debug mode, the one that runs
    PyObject* task_factory;   // asyncio's _task_factory; nullptr for None
    bool is_closed;           // asyncio's _closed
    bool is_stopping;         // asyncio's _stopping
    bool is_debugging;        // asyncio's _debug
    bool has_own_time;        // time() is not this type's
};

[[nodiscard]] inline LoopObject& loop_of(PyObject* object) noexcept {
    return *reinterpret_cast<LoopObject*>(object);
}
[[nodiscard]] inline PyObject* object(LoopObject& loop) noexcept {
    return reinterpret_cast<PyObject*>(&loop);
}

/// Returns false with asyncio's RuntimeError set if the loop is closed.
[[nodiscard]] bool check_open(const LoopObject& loop) noexcept;

/// Puts a handle, of which the queue owns a reference, at the end of the ready queue.
void make_ready(LoopObject& loop, HandleObject& handle) noexcept;

/// Calls it in the next turn. Returns false with an exception set.
[[nodiscard]] bool schedule(LoopObject& loop, const Call& call) noexcept;

/// Ends the loop's sleep, if it sleeps. May be called from any thread, with the GIL.
void wake_if_asleep(LoopObject& loop) noexcept;

/// loop.time(), also if it was replaced. Returns false with an exception set.
[[nodiscard]] bool time_of(LoopObject& loop, double& seconds);

/// The deadline of a time in seconds, not before it.
[[nodiscard]] engine::Nanoseconds deadline_of(double seconds) noexcept;

// The methods, by files. All have the signatures of CPython's method tables.

// loop_calls.cpp
PyObject* call_soon(PyObject* self, PyObject* const* arguments, Py_ssize_t count, PyObject* names);
PyObject* call_soon_threadsafe(PyObject* self, PyObject* const* arguments, Py_ssize_t count,
                               PyObject* names);
PyObject* call_later(PyObject* self, PyObject* const* arguments, Py_ssize_t count, PyObject* names);
PyObject* call_at(PyObject* self, PyObject* const* arguments, Py_ssize_t count, PyObject* names);
PyObject* loop_time(PyObject* self, PyObject* none);

// loop_tasks.cpp
PyObject* create_task(PyObject* self, PyObject* const* arguments, Py_ssize_t count,
                      PyObject* names);
PyObject* create_future(PyObject* self, PyObject* none);

// loop_run.cpp
PyObject* run_once(PyObject* self, PyObject* none);
PyObject* stop(PyObject* self, PyObject* none);
PyObject* wake(PyObject* self, PyObject* none);

// loop_descriptors.cpp
PyObject* add_reader(PyObject* self, PyObject* const* arguments, Py_ssize_t count);
PyObject* add_writer(PyObject* self, PyObject* const* arguments, Py_ssize_t count);
PyObject* remove_reader(PyObject* self, PyObject* descriptor);
PyObject* remove_writer(PyObject* self, PyObject* descriptor);
PyObject* watched_events(PyObject* self, PyObject* descriptor);
PyObject* socket_transport(PyObject* self, PyObject* descriptor);

extern PyType_Spec loop_spec;

} // namespace hocket::python
