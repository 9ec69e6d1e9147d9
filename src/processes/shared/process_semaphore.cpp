#include <hocket/process_semaphore.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <new>
#include <span>
#include <string>
#include <vector>

#include "processes/shared/broadcast.hpp"
#include "processes/shared/process_identity.hpp"
#include "processes/shared/process_mutex.hpp"

namespace hocket {

namespace detail {

namespace {

constexpr std::size_t most_holders = 1024;

/// Keeps the order of the stores before this call and the stores after it, so that it holds
/// whenever the process is killed.
void then() noexcept { std::atomic_signal_fence(std::memory_order_seq_cst); }

struct Holder {
    ProcessIdentity process;
    std::ptrdiff_t permits = 0; // 0 if the slot is free
};

} // namespace

/// A process may be killed between any two of its stores, and later processes must find a valid
/// state. The order of the stores ensures that at worst a permit seems to be both held and
/// available; then it is not given back.
struct SharedSemaphore {
    ProcessMutex mutex;
    std::ptrdiff_t initial = 0;
    std::ptrdiff_t bound = 0;
    std::ptrdiff_t value = 0;
    bool holder_died = false;   // and no process has been notified yet
    std::uint32_t waiting = 0;  // upper limit: a process killed while waiting is counted forever
    std::size_t slots_used = 0; // at the front of `slots`; some of them may be free again
    std::array<Holder, most_holders> slots{};

    [[nodiscard]] std::span<Holder> holders() noexcept {
        return std::span(slots).first(slots_used);
    }
    Holder* find(const ProcessIdentity& process) noexcept {
        for (Holder& each : holders()) {
            if (each.permits > 0 && each.process == process) {
                return &each;
            }
        }
        return nullptr;
    }
    Holder& find_or_add(const ProcessIdentity& process) {
        Holder* slot = find(process);
        if (slot != nullptr) {
            return *slot;
        }
        for (Holder& each : holders()) {
            if (each.permits == 0) {
                slot = &each;
                break;
            }
        }
        if (slot == nullptr) {
            if (slots_used == most_holders) {
                throw RuntimeError("more than " + std::to_string(most_holders) +
                                   " processes hold permits of a ProcessSemaphore");
            }
            slot = &slots[slots_used++];
        }
        slot->process = process;
        then();
        return *slot;
    }
    void give_back(const ProcessIdentity& dead) noexcept {
        Holder* const holder = find(dead);
        if (holder == nullptr) {
            return; // another process has done so
        }
        std::ptrdiff_t held = 0;
        for (const Holder& each : holders()) {
            held += each.permits;
        }
        const std::ptrdiff_t lacking = initial - value - (held - holder->permits);
        holder_died = true;
        value += std::clamp<std::ptrdiff_t>(lacking, 0, holder->permits);
        then();
        holder->permits = 0;
    }
};

} // namespace detail

using detail::BroadcastListener;
using detail::Holder;
using detail::ProcessIdentity;
using detail::ProcessMutexHold;
using detail::SharedSemaphore;

ProcessSemaphore::ProcessSemaphore(std::ptrdiff_t value, std::ptrdiff_t bound) {
    if (value < 0) {
        throw ValueError("a ProcessSemaphore's value must not be negative: " +
                         std::to_string(value));
    }
    static_cast<void>(
        detail::this_process()); // read here, so that `acquire` needs no descriptor for it
    memory_ = SharedMemory(sizeof(SharedSemaphore));
    broadcast_ = std::make_shared<const detail::Broadcast>();
    auto* const made = new (memory_.data()) SharedSemaphore;
    made->initial = made->value = value;
    made->bound = bound;
}

SharedSemaphore& ProcessSemaphore::shared() const noexcept {
    return *std::launder(reinterpret_cast<SharedSemaphore*>(memory_.data()));
}

LockOutcome ProcessSemaphore::take() const {
    const ProcessIdentity self = detail::this_process();
    SharedSemaphore& state = shared();
    const ProcessMutexHold hold(state.mutex);
    if (state.value == 0) {
        return {};
    }
    ++state.find_or_add(self).permits;
    detail::then();
    --state.value;
    return {true, std::exchange(state.holder_died, false)};
}

void ProcessSemaphore::release() const {
    const ProcessIdentity self = detail::this_process();
    SharedSemaphore& state = shared();
    const ProcessMutexHold hold(state.mutex);
    if (state.value >= state.bound) {
        throw ValueError("a ProcessSemaphore was released too many times: its value is " +
                         std::to_string(state.value) + " already");
    }
    if (state.waiting > 0) {
        // Notify before the change. If this process is killed in between, waiters wake up, find
        // nothing and continue to wait.
        broadcast_->notify_all();
    }
    ++state.value;
    detail::then();
    if (Holder* const holder = state.find(self)) {
        --holder->permits;
    }
}

std::ptrdiff_t ProcessSemaphore::value() const {
    SharedSemaphore& state = shared();
    const ProcessMutexHold hold(state.mutex);
    return state.value;
}

/// While this object exists, a release notifies the Broadcast.
class ProcessSemaphore::Waiting {
public:
    explicit Waiting(SharedSemaphore& state) : state_(state) { add(1); }
    ~Waiting() { add(-1U); }
    Waiting(const Waiting&) = delete;
    Waiting& operator=(const Waiting&) = delete;

private:
    void add(std::uint32_t count) const {
        const ProcessMutexHold hold(state_.mutex);
        state_.waiting += count;
    }

    SharedSemaphore& state_;
};

/// Takes a permit if one is available, or one of a process that ended. Otherwise makes the listener
/// watch the processes that hold permits.
LockOutcome ProcessSemaphore::take_or_watch(BroadcastListener& listener) const {
    SharedSemaphore& state = shared();
    for (;;) {
        if (const LockOutcome outcome = take()) {
            return outcome;
        }
        std::vector<ProcessIdentity> holders;
        {
            const ProcessMutexHold hold(state.mutex);
            for (const Holder& each : state.holders()) {
                if (each.permits > 0) {
                    holders.push_back(each.process);
                }
            }
        }
        bool is_any_dead = false;
        for (const ProcessIdentity& process : holders) {
            auto watch = detail::watch_process(process);
            if (watch.is_open()) {
                listener.add_process(std::move(watch));
                continue;
            }
            const ProcessMutexHold hold(state.mutex);
            broadcast_->notify_all();
            state.give_back(process);
            is_any_dead = true;
        }
        if (!is_any_dead) {
            return {};
        }
    }
}

LockOutcome ProcessSemaphore::acquire_until(const detail::Deadline& deadline) const {
    if (const LockOutcome outcome = take()) {
        return outcome;
    }
    const Waiting waiting(shared());
    for (;;) {
        BroadcastListener listener(*broadcast_);
        if (const LockOutcome outcome = take_or_watch(listener)) {
            return outcome;
        }
        if (!listener.wait(deadline)) {
            return {};
        }
    }
}

Coro<LockOutcome> ProcessSemaphore::await_permit(ProcessSemaphore semaphore) {
    if (const LockOutcome outcome = semaphore.take()) {
        co_return outcome;
    }
    const Waiting waiting(semaphore.shared());
    for (;;) {
        BroadcastListener listener(*semaphore.broadcast_);
        if (const LockOutcome outcome = semaphore.take_or_watch(listener)) {
            co_return outcome;
        }
        co_await listener.wait_async();
    }
}

std::uint32_t ProcessSemaphore::attach_broadcast() const {
    return detail::attach_descriptor(broadcast_->fileno());
}

void ProcessSemaphore::msgpack_unpack(const msgpack::object& object) {
    const auto [memory, broadcast] = object.as<std::tuple<SharedMemory, std::uint32_t>>();
    if (memory.size() != sizeof(SharedSemaphore)) {
        detail::throw_wrong_block(memory.size(), sizeof(SharedSemaphore));
    }
    broadcast_ = std::make_shared<const detail::Broadcast>(detail::take_descriptor(broadcast));
    memory_ = memory;
}

} // namespace hocket
