#pragma once

#include "python.hpp"

#include <cstdint>

#include <hocket/engine/ready_queue.hpp>
#include <hocket/engine/timer.hpp>

namespace hocket::python {

struct LoopObject;
struct ModuleState;

/// A handle's place in the engine's ready queue.
class ReadyNode final : public engine::Runnable {
public:
    // The loop runs handles itself, see loop_run.cpp: Python may end a thread that calls it, which
    // must not happen in a noexcept function.
    void run() noexcept override;
    void discard() noexcept override;
};

/// A timer handle's place in the engine's timer queue.
class TimerNode final : public engine::Timer {
public:
    void expire() noexcept override;
    void discard() noexcept override;
};

/// A callback with its arguments: asyncio.Handle.
///
/// The collector does not track handles, because tracking and visiting the many that live shortly
/// costs more than the rest of call_soon. Instead, a handle lets go of the callback when it has run
/// or is cancelled, and the loop shows the collector what the handles in its queues hold.
struct HandleObject {
    static constexpr int inline_arguments = 3;

    PyObject_HEAD ReadyNode ready;
    /// Borrowed. nullptr when the loop has no use for the handle any more.
    LoopObject* loop;
    PyObject* weak_references;
    PyObject* context;
    PyObject* callback;
    /// Python may use the place before a call's arguments.
    PyObject* before_arguments;
    /// Up to three arguments; if there are more, a tuple is the first.
    PyObject* arguments[inline_arguments];
    PyObject* source_traceback; // in debug mode, otherwise nullptr
    PyObject* text;             // what repr() returns, of a cancelled handle in debug mode
    std::uint8_t argument_count;
    bool has_tuple;
    bool is_timer;
    bool is_watching; // it runs again and again: a reader or writer
    bool is_queued;   // in the ready queue
    bool is_running;
    bool is_cancelled;
};

/// asyncio.TimerHandle.
struct TimerHandleObject {
    HandleObject handle;
    TimerNode timer;
    double when;
    bool is_by_own_time; // it is in the loop's OwnTimers
};

/// What a call is made with. `context` may be nullptr or None: then it is the current one.
struct Call {
    PyObject* callback;
    PyObject* const* arguments;
    Py_ssize_t argument_count;
    PyObject* context;
};

/// A new handle, or nullptr with an exception set.
[[nodiscard]] HandleObject* new_handle(ModuleState& state, LoopObject& loop,
                                       const Call& call) noexcept;
[[nodiscard]] TimerHandleObject* new_timer_handle(ModuleState& state, LoopObject& loop,
                                                  const Call& call, double when) noexcept;

/// Calls the callback. An exception goes to the loop's exception handler. Returns false with an
/// exception set if that must end the loop's run: KeyboardInterrupt, SystemExit.
[[nodiscard]] bool call_handle(HandleObject& handle);

/// Cancels it as asyncio's does. Returns false with an exception set.
[[nodiscard]] bool cancel_handle(HandleObject& handle);

/// tp_dealloc.
void free_handle(HandleObject& handle) noexcept;

/// Lets go of the callback and its arguments.
void clear_handle(HandleObject& handle) noexcept;

/// The loop's reference is given up, and the handle forgets the loop.
void release_handle(HandleObject& handle) noexcept;

/// For the collector: visits what a handle holds that only the loop refers to.
[[nodiscard]] int traverse_handle(HandleObject& handle, visitproc visit, void* argument) noexcept;

[[nodiscard]] HandleObject& handle_of(engine::Runnable& node) noexcept;
[[nodiscard]] TimerHandleObject& handle_of(engine::Timer& node) noexcept;

[[nodiscard]] inline PyObject* object(HandleObject& handle) noexcept {
    return reinterpret_cast<PyObject*>(&handle);
}

extern PyType_Spec handle_spec;
extern PyType_Spec timer_handle_spec;

} // namespace hocket::python
