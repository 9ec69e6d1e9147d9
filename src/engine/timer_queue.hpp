#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <hocket/engine/timer.hpp>

#include "engine/timer_slot.hpp"

namespace hocket::engine {

/// All deadlines of one loop, a million of them if need be. Arming and cancelling take constant
/// time and touch no other timer. Still, timers expire in the exact order of their deadlines, and
/// in the order in which they were armed if these are equal.
///
/// Far deadlines wait unsorted in a hierarchical wheel: level L has 64 slots of 2^(20 + 6 L) ns
/// each (level 0: about a millisecond a slot). When time reaches a slot, its timers move one level
/// down, and those of level 0 are sorted. Timers armed for the current millisecond are kept in a
/// small binary heap.
class TimerQueue {
public:
    explicit TimerQueue(Nanoseconds now) noexcept;
    TimerQueue(const TimerQueue&) = delete;
    TimerQueue& operator=(const TimerQueue&) = delete;

    [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }

    /// Arms `timer`, which must not be armed. A deadline in the past expires at the next `expire`.
    /// Throws std::bad_alloc.
    void arm(Timer& timer, Nanoseconds deadline);

    /// Removes an armed timer; it will not expire.
    void cancel(Timer& timer) noexcept;

    /// Removes every timer and calls `discard` on it.
    void discard_all() noexcept;

    /// Calls `visit` with every armed timer, in no order. `visit` must not change the queue.
    template <class Visit> void for_each(Visit visit) const {
        for (const auto* entries : {&heap_, &sorted_}) {
            for (const HeapEntry& entry : *entries) {
                if (entry.timer != nullptr) {
                    visit(*entry.timer);
                }
            }
        }
        for (const auto& level : wheel_) {
            for (const Slot& slot : level) {
                slot.timers.for_each(visit);
            }
        }
        late_.for_each(visit);
    }

    /// When to wake up: not later than the earliest deadline, and never long before it. Must not be
    /// called on an empty queue.
    [[nodiscard]] Nanoseconds next_wakeup() const noexcept;

    /// Expires every timer whose deadline is at or before `now`, earliest first. Timers armed
    /// meanwhile wait for the next call.
    void expire(Nanoseconds now);

private:
    static constexpr unsigned slot_bits = 6;
    static constexpr unsigned slots_per_level = 1U << slot_bits;
    static constexpr unsigned tick_bits = 20;
    // The last level's slots reach beyond the 63 bits of a deadline: every deadline has a slot.
    static constexpr unsigned levels = (63 - tick_bits + slot_bits - 1) / slot_bits;
    // A timer's location: a slot's number, a flag combined with its index in the heap or in the
    // sorted vector, or `late`.
    static constexpr std::uint32_t heap_flag = 0x80000000;
    static constexpr std::uint32_t sorted_flag = 0x40000000;
    static constexpr std::uint32_t late = 0x3fffffff;

    struct HeapEntry {
        Nanoseconds deadline;
        std::uint64_t sequence;
        Timer* timer;
    };
    struct Slot {
        TimerSlot timers;
        Nanoseconds earliest = 0; // not later than the earliest deadline in the slot
    };

    void insert(Timer& timer);
    bool advance(std::uint64_t tick);
    void open_slot(unsigned level, unsigned index);
    [[nodiscard]] bool sorted_is_next() const noexcept;
    void trim_sorted() noexcept;
    void heap_push(Timer& timer);
    void heap_remove(std::size_t index) noexcept;
    void sift_up(std::size_t index) noexcept;
    void sift_down(std::size_t index) noexcept;
    void heap_set(std::size_t index, const HeapEntry& entry) noexcept;

    std::uint64_t tick_;         // all ticks up to this one are sorted, or in the heap
    std::uint64_t sequence_ = 0; // breaks ties between equal deadlines
    std::size_t size_ = 0;
    Nanoseconds expiring_until_ = -1; // while `expire` runs: what it expires
    TimerSlot late_;                  // armed meanwhile, and due: for the next call
    // The slot that was opened last, latest first. Its entries keep their index, so a timer is
    // written to once; a cancelled entry has no timer; the last entry always has one.
    std::vector<HeapEntry> sorted_;
    std::vector<Timer*> opened_;                   // scratch
    std::vector<HeapEntry> heap_;                  // what was armed for the ticks up to tick_
    std::array<std::uint64_t, levels> occupied_{}; // a bit for each slot that may hold timers
    std::array<std::array<Slot, slots_per_level>, levels> wheel_;
};

} // namespace hocket::engine
