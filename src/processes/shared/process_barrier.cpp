#include <hocket/process_barrier.hpp>

#include <algorithm>
#include <new>
#include <optional>
#include <span>
#include <string>

#include "processes/shared/broadcast.hpp"
#include "processes/shared/process_identity.hpp"
#include "processes/shared/process_mutex.hpp"

namespace hocket {

namespace detail {

/// The phase and the slots are the whole state, so that a process may be killed between any two
/// stores.
struct SharedBarrier {
    enum class Phase : std::uint32_t {
        filling,
        draining,  // all have arrived and are leaving
        resetting, // the processes that waited leave with an error
        broken,
    };

    ProcessMutex mutex;
    std::size_t parties = 0;
    Phase phase = Phase::filling;

    static std::size_t size(std::size_t parties) noexcept {
        return sizeof(SharedBarrier) + parties * sizeof(ProcessIdentity);
    }
    /// The processes that are waiting or about to leave. Free slots are zero.
    [[nodiscard]] std::span<ProcessIdentity> slots() noexcept {
        return {reinterpret_cast<ProcessIdentity*>(this + 1), parties};
    }
    [[nodiscard]] std::size_t count() noexcept {
        return static_cast<std::size_t>(std::count_if(slots().begin(), slots().end(), is_taken));
    }
    static bool is_taken(const ProcessIdentity& slot) noexcept { return slot.pid != 0; }
    /// The next round may begin once all processes of the last one have left.
    void end_round_if_empty() noexcept {
        if ((phase == Phase::draining || phase == Phase::resetting) && count() == 0) {
            phase = Phase::filling;
        }
    }
};

static_assert(sizeof(SharedBarrier) % alignof(ProcessIdentity) == 0);

/// One wait at a barrier. The destructor leaves the barrier.
class BarrierVisit {
public:
    explicit BarrierVisit(const ProcessBarrier& barrier)
        : state_(barrier.shared()), broadcast_(*barrier.broadcast_), self_(this_process()) {}
    ~BarrierVisit() {
        if (slot_) {
            const ProcessMutexHold hold(state_.mutex);
            leave();
        }
    }
    BarrierVisit(const BarrierVisit&) = delete;
    BarrierVisit& operator=(const BarrierVisit&) = delete;

    /// Returns the slot's number if the wait is over; otherwise wait until `listener` is notified.
    /// The listener is made under the lock, so that it receives every notification after this call.
    [[nodiscard]] std::optional<std::size_t> advance(std::optional<BroadcastListener>& listener) {
        listener.reset();
        const ProcessMutexHold hold(state_.mutex);
        if (slot_) {
            return stay(listener);
        }
        state_.end_round_if_empty(); // the last process may have been killed while leaving
        switch (state_.phase) {
        case Phase::filling: return enter(listener);
        case Phase::broken: throw BrokenBarrierError("the ProcessBarrier is broken");
        default: break;
        }
        if (watch_all(listener)) {
            return {};
        }
        // Processes that ended while leaving have left.
        broadcast_.notify_all();
        for (ProcessIdentity& slot : state_.slots()) {
            if (has_ended(slot)) {
                slot = {};
            }
        }
        state_.end_round_if_empty();
        return state_.phase == Phase::filling ? enter(listener) : std::nullopt;
    }
    /// Called when the deadline has passed.
    void give_up() {
        const ProcessMutexHold hold(state_.mutex);
        if (!slot_) {
            throw TimeoutError(
                "the processes of the last round did not leave the ProcessBarrier in time");
        }
        if (state_.phase == Phase::filling) {
            break_barrier();
        }
    }

private:
    using Phase = SharedBarrier::Phase;

    std::optional<std::size_t> enter(std::optional<BroadcastListener>& listener) {
        const auto slots = state_.slots();
        const bool is_last = state_.count() + 1 == state_.parties;
        if (is_last && std::any_of(slots.begin(), slots.end(), has_ended)) {
            break_barrier();
            throw BrokenBarrierError("a process ended while waiting at the ProcessBarrier");
        }
        const auto free = std::find_if_not(slots.begin(), slots.end(), SharedBarrier::is_taken);
        if (state_.parties > 1) {
            broadcast_.notify_all(); // the waiting processes must watch one more, or may continue
        }
        if (is_last) {
            state_.phase = Phase::draining;
            state_.end_round_if_empty();
            return static_cast<std::size_t>(free - slots.begin());
        }
        *free = self_;
        slot_ = static_cast<std::size_t>(free - slots.begin());
        return stay(listener);
    }
    std::optional<std::size_t> stay(std::optional<BroadcastListener>& listener) {
        const std::size_t slot = *slot_;
        switch (state_.phase) {
        case Phase::filling: break;
        case Phase::draining: leave(); return slot;
        case Phase::resetting: leave(); throw BrokenBarrierError("the ProcessBarrier was reset");
        case Phase::broken:
            leave();
            throw BrokenBarrierError("the ProcessBarrier was broken: it was aborted, a wait timed "
                                     "out, or a process ended while waiting");
        }
        if (!watch_next(listener)) {
            break_barrier();
            leave();
            throw BrokenBarrierError("a process ended while waiting at the ProcessBarrier");
        }
        return {};
    }
    /// Each waiting process watches the next one. One descriptor each is enough to notice every
    /// end.
    bool watch_next(std::optional<BroadcastListener>& listener) {
        listener.emplace(broadcast_);
        const auto slots = state_.slots();
        for (std::size_t step = 1; step < slots.size(); ++step) {
            const ProcessIdentity& next = slots[(*slot_ + step) % slots.size()];
            if (SharedBarrier::is_taken(next) && next != self_) {
                return watch(next, *listener);
            }
        }
        return true;
    }
    bool watch_all(std::optional<BroadcastListener>& listener) {
        listener.emplace(broadcast_);
        return std::all_of(state_.slots().begin(), state_.slots().end(),
                           [&](const ProcessIdentity& each) {
                               return !SharedBarrier::is_taken(each) || watch(each, *listener);
                           });
    }
    static bool watch(const ProcessIdentity& process, BroadcastListener& listener) {
        auto descriptor = watch_process(process);
        if (!descriptor.is_open()) {
            return false;
        }
        listener.add_process(std::move(descriptor));
        return true;
    }
    [[nodiscard]] static bool has_ended(const ProcessIdentity& slot) {
        return SharedBarrier::is_taken(slot) && !watch_process(slot).is_open();
    }
    void break_barrier() noexcept {
        broadcast_.notify_all();
        state_.phase = Phase::broken;
    }
    void leave() noexcept {
        // Another process watched this one and must watch the next, or a process waits for the last
        // to leave.
        if (state_.phase == Phase::filling || state_.count() == 1) {
            broadcast_.notify_all();
        }
        state_.slots()[*slot_] = {};
        slot_.reset();
        state_.end_round_if_empty();
    }

    SharedBarrier& state_;
    const Broadcast& broadcast_;
    ProcessIdentity self_;
    std::optional<std::size_t> slot_;
};

} // namespace detail

using detail::ProcessMutexHold;
using detail::SharedBarrier;
using Phase = SharedBarrier::Phase;

ProcessBarrier::ProcessBarrier(std::ptrdiff_t parties) {
    constexpr std::ptrdiff_t most = 10'000;
    if (parties < 1 || parties > most) {
        throw ValueError("a ProcessBarrier needs 1 to " + std::to_string(most) + " parties, not " +
                         std::to_string(parties));
    }
    memory_ = SharedMemory(SharedBarrier::size(static_cast<std::size_t>(parties)));
    broadcast_ = std::make_shared<const detail::Broadcast>();
    auto* const made = new (memory_.data()) SharedBarrier;
    made->parties = static_cast<std::size_t>(parties);
}

SharedBarrier& ProcessBarrier::shared() const {
    if (memory_.data() == nullptr) {
        throw InvalidStateError("this ProcessBarrier is empty: it refers to no barrier");
    }
    return *std::launder(reinterpret_cast<SharedBarrier*>(memory_.data()));
}

std::size_t ProcessBarrier::wait_until(const detail::Deadline& deadline) const {
    detail::BarrierVisit visit(*this);
    std::optional<detail::BroadcastListener> listener;
    for (;;) {
        if (const auto slot = visit.advance(listener)) {
            return *slot;
        }
        if (!listener->wait(deadline)) {
            visit.give_up();
        }
    }
}

Coro<std::size_t> ProcessBarrier::await_parties(ProcessBarrier barrier) {
    detail::BarrierVisit visit(barrier);
    std::optional<detail::BroadcastListener> listener;
    for (;;) {
        if (const auto slot = visit.advance(listener)) {
            co_return *slot;
        }
        co_await listener->wait_async();
    }
}

void ProcessBarrier::reset() const {
    SharedBarrier& state = shared();
    const ProcessMutexHold hold(state.mutex);
    if (state.phase == Phase::draining) {
        return; // all have arrived: the leaving processes have passed
    }
    broadcast_->notify_all();
    state.phase = Phase::resetting;
    state.end_round_if_empty();
}

void ProcessBarrier::abort() const {
    SharedBarrier& state = shared();
    const ProcessMutexHold hold(state.mutex);
    broadcast_->notify_all();
    state.phase = Phase::broken;
}

std::size_t ProcessBarrier::parties() const { return shared().parties; }

std::size_t ProcessBarrier::n_waiting() const {
    SharedBarrier& state = shared();
    const ProcessMutexHold hold(state.mutex);
    return state.phase == Phase::filling ? state.count() : 0;
}

bool ProcessBarrier::broken() const {
    SharedBarrier& state = shared();
    const ProcessMutexHold hold(state.mutex);
    return state.phase == Phase::broken;
}

std::uint32_t ProcessBarrier::attach_broadcast() const {
    static_cast<void>(shared()); // throws if this is empty
    return detail::attach_descriptor(broadcast_->fileno());
}

void ProcessBarrier::msgpack_unpack(const msgpack::object& object) {
    const auto [memory, broadcast] = object.as<std::tuple<SharedMemory, std::uint32_t>>();
    if (memory.size() <= sizeof(SharedBarrier)) {
        detail::throw_wrong_block(memory.size(), sizeof(SharedBarrier));
    }
    broadcast_ = std::make_shared<const detail::Broadcast>(detail::take_descriptor(broadcast));
    memory_ = memory;
}

} // namespace hocket
