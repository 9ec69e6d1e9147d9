#include <hocket/fork_join.hpp>

#include <bit>
#include <chrono>
#include <thread>

#include "threads/futex.hpp"
#include "threads/spin.hpp"

namespace hocket::detail {

void ForkJob::run_taken() noexcept {
    call_(*this);
    // The job's frame may be left as soon as it is done; the kernel only uses the word's address.
    if (state_.exchange(done_state, std::memory_order_acq_rel) == awaited_state) {
        wake_futex(state_);
    }
}

void ForkJob::sleep_briefly() noexcept {
    std::uint32_t expected = open_state;
    if (state_.compare_exchange_strong(expected, awaited_state, std::memory_order_acq_rel) ||
        expected == awaited_state) {
        wait_on_futex(state_, awaited_state, std::chrono::milliseconds(1));
    }
}

void ForkSlot::help_until_done(ForkJob& job) noexcept {
    constexpr int before_yielding = 100;
    constexpr int before_sleeping = 300;
    for (int idle = 0; !job.done();) {
        if (ForkJob* other = peers->steal(*this)) {
            other->run_taken();
            idle = 0;
        } else if (++idle < before_yielding) {
            engine::cpu_relax();
        } else if (idle < before_sleeping) {
            std::this_thread::yield();
        } else {
            job.sleep_briefly(); // then look again: the thread that runs the job may fork
        }
    }
}

ForkPeers::ForkPeers(std::size_t workers)
    : workers_(workers), slots_(std::make_unique<ForkSlot[]>(workers + guests)) {
    for (std::size_t i = 0; i < workers + guests; ++i) {
        slots_[i].peers = this;
    }
}

ForkSlot* ForkPeers::enter() noexcept {
    std::uint64_t taken = guest_slots_.load(std::memory_order_relaxed);
    for (;;) {
        const auto guest = static_cast<std::size_t>(std::countr_one(taken));
        if (guest >= guests) {
            return nullptr;
        }
        if (guest_slots_.compare_exchange_weak(
                taken, (taken | std::uint64_t{1} << guest) + one_guest, std::memory_order_acq_rel,
                std::memory_order_relaxed)) {
            return &slots_[workers_ + guest];
        }
    }
}

void ForkPeers::leave(ForkSlot& slot) noexcept {
    const auto guest = static_cast<std::size_t>(&slot - slots_.get()) - workers_;
    guest_slots_.fetch_and(~(std::uint64_t{1} << guest), std::memory_order_acq_rel);
}

ForkJob* ForkPeers::steal(const ForkSlot& thief) noexcept {
    if (any(guest_slots_.load(std::memory_order_acquire))) {
        for (std::size_t i = 0; i < guests; ++i) {
            ForkSlot& victim = slots_[workers_ + i];
            if (&victim != &thief && !victim.deque.empty()) {
                if (ForkJob* job = victim.deque.steal()) {
                    return job;
                }
            }
        }
    }
    const std::size_t count = started_.load(std::memory_order_acquire);
    const auto self = static_cast<std::size_t>(&thief - slots_.get());
    for (std::size_t i = 1; i <= count; ++i) { // not all start with the same victim
        ForkSlot& victim = slots_[(self + i) % count];
        if (&victim != &thief && !victim.deque.empty()) {
            if (ForkJob* job = victim.deque.steal()) {
                return job;
            }
        }
    }
    return nullptr;
}

bool ForkPeers::has_forks() const noexcept {
    if (any(guest_slots_.load(std::memory_order_acquire))) {
        for (std::size_t i = 0; i < guests; ++i) {
            if (!slots_[workers_ + i].deque.empty()) {
                return true;
            }
        }
    }
    const std::size_t count = started_.load(std::memory_order_acquire);
    for (std::size_t i = 0; i < count; ++i) {
        if (!slots_[i].deque.empty()) {
            return true;
        }
    }
    return false;
}

} // namespace hocket::detail
