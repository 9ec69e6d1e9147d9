#include "loop.hpp"

#include <new>

namespace hocket::python {

LoopCore::LoopCore(LoopObject& owner) : loop(owner), reactor(&*status) {
    reactor.set_blocking_hooks({
        [](void* context) {
            auto& core = *static_cast<LoopCore*>(context);
            core.is_asleep = true;
            core.released = PyEval_SaveThread();
        },
        [](void* context) {
            auto& core = *static_cast<LoopCore*>(context);
            PyEval_RestoreThread(std::exchange(core.released, nullptr));
            core.is_asleep = false;
        },
        this,
    });
}

LoopCore::~LoopCore() { discard_all(); }

void LoopCore::arm(TimerHandleObject& timer, engine::Nanoseconds deadline,
                   engine::Nanoseconds own_now) {
    if (!loop.has_own_time) [[likely]] {
        reactor.timers().arm(timer.timer, deadline);
        return;
    }
    if (!own_timers) {
        own_timers = std::make_unique<OwnTimers>(reactor, own_now);
    }
    own_timers->queue().arm(timer.timer, deadline);
    timer.is_by_own_time = true;
}

void LoopCore::disarm(TimerHandleObject& timer) noexcept {
    (timer.is_by_own_time ? own_timers->queue() : reactor.timers()).cancel(timer.timer);
}

// What is let go of may run any code, which may cancel what is still here.
void LoopCore::discard_all() noexcept {
    watches.clear();
    while (TransportEvents* const events = watched_transports.front()) {
        forget(transport_of(*events));
    }
    reactor.ready().put_back(batch);
    reactor.discard_ready();
    if (own_timers) {
        own_timers->queue().discard_all();
        own_timers.reset();
    }
    reactor.timers().discard_all();
    reactor.discard_ready();
}

char* LoopCore::receive_buffer() noexcept {
    if (!received) {
        received.reset(new (std::nothrow) char[receive_size]);
        if (!received) {
            PyErr_NoMemory();
        }
    }
    return received.get();
}

void make_ready(LoopObject& loop, HandleObject& handle) noexcept {
    handle.is_queued = true;
    loop.core->reactor.ready().push(handle.ready);
}

void wake_if_asleep(LoopObject& loop) noexcept {
    if (loop.core != nullptr && loop.core->is_asleep) {
        loop.core->reactor.wake();
    }
}

bool check_open(const LoopObject& loop) noexcept {
    if (loop.is_closed || loop.core == nullptr) {
        PyErr_SetString(PyExc_RuntimeError, "Event loop is closed");
        return false;
    }
    return true;
}

} // namespace hocket::python
