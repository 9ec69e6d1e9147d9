#include "engine/timer_queue.hpp"

#include <algorithm>
#include <bit>
#include <cassert>

namespace hocket::engine {

namespace {

bool earlier(Nanoseconds a, std::uint64_t a_sequence, Nanoseconds b,
             std::uint64_t b_sequence) noexcept {
    return a != b ? a < b : a_sequence < b_sequence;
}

} // namespace

TimerQueue::TimerQueue(Nanoseconds now) noexcept
    : tick_(static_cast<std::uint64_t>(now) >> tick_bits) {}

void TimerQueue::arm(Timer& timer, Nanoseconds deadline) {
    assert(!timer.is_armed());
    timer.deadline_ = std::max<Nanoseconds>(deadline, 0);
    if (timer.deadline_ <= expiring_until_) {
        late_.push_back(timer);
        timer.slot_ = late;
    } else {
        insert(timer);
    }
    ++size_;
}

// The level is the highest group of slot bits in which the deadline's tick differs from the current
// one, so all timers of a level expire before those of the level above.
void TimerQueue::insert(Timer& timer) {
    const auto tick = static_cast<std::uint64_t>(timer.deadline_) >> tick_bits;
    if (tick <= tick_) {
        heap_push(timer);
        return;
    }
    const unsigned level =
        (63U - static_cast<unsigned>(std::countl_zero(tick ^ tick_))) / slot_bits;
    const auto index = static_cast<unsigned>(tick >> (level * slot_bits)) % slots_per_level;
    Slot& slot = wheel_[level][index];
    slot.earliest =
        slot.timers.empty() ? timer.deadline_ : std::min(slot.earliest, timer.deadline_);
    slot.timers.push_back(timer);
    occupied_[level] |= std::uint64_t{1} << index;
    timer.slot_ = level * slots_per_level + index;
}

void TimerQueue::cancel(Timer& timer) noexcept {
    assert(timer.is_armed());
    --size_;
    if (timer.slot_ == late) {
        late_.erase(timer);
    } else if ((timer.slot_ & heap_flag) != 0) {
        heap_remove(timer.slot_ & ~heap_flag);
    } else if ((timer.slot_ & sorted_flag) != 0) {
        sorted_[timer.slot_ & ~sorted_flag].timer = nullptr;
        trim_sorted();
    } else {
        const unsigned level = timer.slot_ / slots_per_level;
        const unsigned index = timer.slot_ % slots_per_level;
        Slot& slot = wheel_[level][index];
        slot.timers.erase(timer);
        if (slot.timers.empty()) {
            occupied_[level] &= ~(std::uint64_t{1} << index);
        }
    }
    timer.slot_ = Timer::unarmed;
}

void TimerQueue::discard_all() noexcept {
    for (auto* entries : {&heap_, &sorted_}) {
        while (!entries->empty()) {
            Timer& timer = *entries->back().timer;
            cancel(timer);
            timer.discard();
        }
    }
    for (auto& level : wheel_) {
        for (Slot& slot : level) {
            while (Timer* timer = slot.timers.last()) {
                cancel(*timer);
                timer->discard();
            }
        }
    }
}

Nanoseconds TimerQueue::next_wakeup() const noexcept {
    assert(!empty());
    if (sorted_is_next()) {
        return sorted_.back().deadline;
    }
    if (!heap_.empty()) {
        return heap_.front().deadline;
    }
    unsigned level = 0;
    while (occupied_[level] == 0) {
        ++level;
    }
    return wheel_[level][static_cast<unsigned>(std::countr_zero(occupied_[level]))].earliest;
}

// Slot by slot, so that no more than one slot's timers are sorted at a time, however late the loop
// is.
void TimerQueue::expire(Nanoseconds now) {
    const auto tick = static_cast<std::uint64_t>(now) >> tick_bits;
    expiring_until_ = now;
    do {
        while (!sorted_.empty() || !heap_.empty()) {
            const bool from_sorted = sorted_is_next();
            const HeapEntry& next = from_sorted ? sorted_.back() : heap_.front();
            if (next.deadline > now) {
                break;
            }
            Timer& timer = *next.timer;
            if (from_sorted) {
                sorted_.pop_back();
                trim_sorted();
            } else {
                heap_remove(0);
            }
            timer.slot_ = Timer::unarmed;
            --size_;
            timer.expire();
        }
    } while (advance(tick));
    expiring_until_ = -1;
    if (!late_.empty()) {
        late_.take_all(opened_, [this](Timer& timer) { insert(timer); });
    }
}

// Advances to the next occupied slot up to `tick`. Returns false if there is none.
bool TimerQueue::advance(std::uint64_t tick) {
    while (tick > tick_) {
        unsigned level = 0;
        while (level < levels && occupied_[level] == 0) {
            ++level;
        }
        if (level == levels) {
            break;
        }
        const auto index = static_cast<unsigned>(std::countr_zero(occupied_[level]));
        const unsigned shift = level * slot_bits;
        const unsigned above = shift + slot_bits;
        const std::uint64_t prefix = above < 64 ? (tick_ >> above) << above : 0;
        const std::uint64_t slot_start = prefix | (std::uint64_t{index} << shift);
        if (slot_start > tick) {
            break;
        }
        tick_ = slot_start;
        open_slot(level, index);
        if (!sorted_.empty() || !heap_.empty()) {
            return true;
        }
    }
    tick_ = std::max(tick_, tick);
    return false;
}

void TimerQueue::open_slot(unsigned level, unsigned index) {
    TimerSlot& timers = wheel_[level][index].timers;
    occupied_[level] &= ~(std::uint64_t{1} << index);
    if (level > 0 || !sorted_.empty()) {
        timers.take_all(opened_, [this](Timer& timer) { insert(timer); });
        return;
    }
    timers.take_all(opened_, [this](Timer& timer) {
        sorted_.push_back({timer.deadline_, sequence_++, &timer});
    });
    std::ranges::sort(sorted_, [](const HeapEntry& a, const HeapEntry& b) {
        return earlier(b.deadline, b.sequence, a.deadline, a.sequence);
    });
    for (std::size_t i = 0; i < sorted_.size(); ++i) {
        sorted_[i].timer->slot_ = static_cast<std::uint32_t>(i) | sorted_flag;
    }
}

bool TimerQueue::sorted_is_next() const noexcept {
    return !sorted_.empty() &&
           (heap_.empty() || earlier(sorted_.back().deadline, sorted_.back().sequence,
                                     heap_.front().deadline, heap_.front().sequence));
}

void TimerQueue::trim_sorted() noexcept {
    while (!sorted_.empty() && sorted_.back().timer == nullptr) {
        sorted_.pop_back();
    }
}

void TimerQueue::heap_push(Timer& timer) {
    heap_.push_back({timer.deadline_, sequence_++, &timer});
    timer.slot_ = static_cast<std::uint32_t>(heap_.size() - 1) | heap_flag;
    sift_up(heap_.size() - 1);
}

void TimerQueue::heap_remove(std::size_t index) noexcept {
    const HeapEntry last = heap_.back();
    heap_.pop_back();
    if (index == heap_.size()) {
        return;
    }
    heap_set(index, last);
    sift_up(index);
    sift_down(last.timer->slot_ & ~heap_flag);
}

void TimerQueue::sift_up(std::size_t index) noexcept {
    const HeapEntry entry = heap_[index];
    while (index > 0) {
        const std::size_t parent = (index - 1) / 2;
        if (!earlier(entry.deadline, entry.sequence, heap_[parent].deadline,
                     heap_[parent].sequence)) {
            break;
        }
        heap_set(index, heap_[parent]);
        index = parent;
    }
    heap_set(index, entry);
}

void TimerQueue::sift_down(std::size_t index) noexcept {
    const HeapEntry entry = heap_[index];
    for (;;) {
        std::size_t child = 2 * index + 1;
        if (child >= heap_.size()) {
            break;
        }
        if (child + 1 < heap_.size() &&
            earlier(heap_[child + 1].deadline, heap_[child + 1].sequence, heap_[child].deadline,
                    heap_[child].sequence)) {
            ++child;
        }
        if (!earlier(heap_[child].deadline, heap_[child].sequence, entry.deadline,
                     entry.sequence)) {
            break;
        }
        heap_set(index, heap_[child]);
        index = child;
    }
    heap_set(index, entry);
}

void TimerQueue::heap_set(std::size_t index, const HeapEntry& entry) noexcept {
    heap_[index] = entry;
    entry.timer->slot_ = static_cast<std::uint32_t>(index) | heap_flag;
}

} // namespace hocket::engine
