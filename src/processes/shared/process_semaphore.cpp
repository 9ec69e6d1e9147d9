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

/// What is stored before this is stored before what is stored after it, whenever the process is
/// killed.
void then() noexcept { std::atomic_signal_fence(std::memory_order_seq_cst); }

struct Holder {
    ProcessIdentity process;
    std::ptrdiff_t permits = 0; // 0: the slot is free
};

} // namespace

/// Whoever changes this may be killed between any two of its stores, and those after the death must
/// find it right: their order is such that at worst a permit seems to be both held and there, and
/// then it is not given back.
struct SharedSemaphore {
    ProcessMutex mutex;
    std::ptrdiff_t initial = 0;
    std::ptrdiff_t bound = 0;
    std::ptrdiff_t value = 0;
    bool holder_died = false;   // and nobody has been told
    std::uint32_t waiting = 0;  // at least as many; who is killed as it waits is counted for ever
    std::size_t slots_used = 0; // at the front of `slots`, though some may be free again
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
            return; // another has done so
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
        detail::this_process()); // read here: `acquire` is to need no descriptor for it
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
        // Before the change: if this process is killed in between, waiters wake up in vain and wait
        // on.
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

/// As long as it lives, a release notifies the Broadcast.
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

/// Takes a permit if there is one, or one of a process that ended. Else the listener hears of those
/// that have them.
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
