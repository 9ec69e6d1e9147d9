#include <hocket/process_lock.hpp>

#include <new>

#include "processes/shared/process_mutex.hpp"

namespace hocket {

namespace {

using detail::ProcessMutex;

ProcessMutex& mutex_in(const SharedMemory& memory) noexcept {
    return *std::launder(reinterpret_cast<ProcessMutex*>(memory.data()));
}

LockOutcome outcome_of(ProcessMutex::Outcome outcome) {
    switch (outcome) {
    case ProcessMutex::Outcome::locked: return {true, false};
    case ProcessMutex::Outcome::owner_died: return {true, true};
    case ProcessMutex::Outcome::unavailable: return {};
    case ProcessMutex::Outcome::held: break;
    }
    throw RuntimeError("this thread holds the ProcessLock already: it would wait for itself");
}

} // namespace

ProcessLock::ProcessLock() : memory_(sizeof(ProcessMutex)) { new (memory_.data()) ProcessMutex; }

LockOutcome ProcessLock::try_acquire() const {
    const ProcessMutex::Outcome outcome = mutex_in(memory_).try_lock();
    return outcome == ProcessMutex::Outcome::held ? LockOutcome() : outcome_of(outcome);
}

LockOutcome ProcessLock::lock_until(const detail::Deadline& deadline) const {
    return outcome_of(mutex_in(memory_).lock(deadline));
}

void ProcessLock::release() const {
    if (!mutex_in(memory_).unlock()) {
        throw ValueError("a ProcessLock was released by a thread that does not hold it");
    }
}

void ProcessLock::msgpack_unpack(const msgpack::object& object) {
    SharedMemory memory;
    memory.msgpack_unpack(object);
    if (memory.size() != sizeof(ProcessMutex)) {
        detail::throw_wrong_block(memory.size(), sizeof(ProcessMutex));
    }
    memory_ = memory;
}

} // namespace hocket
