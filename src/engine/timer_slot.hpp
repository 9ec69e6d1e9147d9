#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include <hocket/engine/timer.hpp>

namespace hocket::engine {

/// Unsorted timers in the order in which they were added: one slot of a TimerQueue.
///
/// Adding or removing a timer touches no other timer, and `take_all` fetches several at a time.
/// Both matter with a million timers, where each first touch of one is a cache miss: in a list of
/// timers, the time from arming to expiry is three times as long.
class TimerSlot {
public:
    [[nodiscard]] bool empty() const noexcept { return count_ == 0; }
    /// The timer that was added last and is still there; nullptr if there is none.
    [[nodiscard]] Timer* last() const noexcept { return empty() ? nullptr : entries_.back(); }

    /// Throws std::bad_alloc.
    void push_back(Timer& timer) {
        entries_.push_back(&timer);
        timer.index_ = base_ + static_cast<std::uint32_t>(entries_.size() - 1);
        ++count_;
    }
    void erase(const Timer& timer) noexcept {
        entries_[timer.index_ - base_] = nullptr;
        if (--count_ == 0) {
            forget(entries_);
            gap_ = 0;
            return;
        }
        while (entries_.back() == nullptr) {
            entries_.pop_back();
        }
        while (entries_[gap_] == nullptr) {
            ++gap_;
        }
        if (gap_ > few && gap_ > entries_.size() / 2) {
            close_first_gap();
        } else if (entries_.size() - gap_ > 2 * count_ + few) {
            close_all_gaps();
        }
    }
    template <class Visit> void for_each(Visit& visit) const {
        for (Timer* const timer : entries_) {
            if (timer != nullptr) {
                visit(*timer);
            }
        }
    }
    /// Removes all timers, and calls `visit` with each, in the order in which they were added.
    /// `visit` may add timers to other slots; if there is no memory for that, the program ends.
    /// `scratch` is memory to be used again.
    template <class Visit> void take_all(std::vector<Timer*>& scratch, Visit visit) noexcept {
        scratch.swap(entries_);
        count_ = 0;
        gap_ = 0;
        for (std::size_t i = 0; i < scratch.size(); ++i) {
            if (i + fetched_ahead < scratch.size()) {
                __builtin_prefetch(scratch[i + fetched_ahead], 1);
            }
            if (Timer* const timer = scratch[i]) {
                visit(*timer);
            }
        }
        forget(scratch);
    }

private:
    static constexpr std::size_t fetched_ahead = 12;
    static constexpr std::size_t few = 64;
    // An array of more than two mebibytes is given back to the system when the slot is empty.
    static constexpr std::size_t most_kept = std::size_t{256} << 10;

    static void forget(std::vector<Timer*>& entries) noexcept {
        if (entries.capacity() > most_kept) {
            std::vector<Timer*>().swap(entries);
        } else {
            entries.clear();
        }
    }
    void close_first_gap() noexcept {
        entries_.erase(entries_.begin(), entries_.begin() + static_cast<std::ptrdiff_t>(gap_));
        base_ += static_cast<std::uint32_t>(gap_);
        gap_ = 0;
    }
    void close_all_gaps() noexcept {
        std::size_t kept = 0;
        for (Timer* const timer : entries_) {
            if (timer != nullptr) {
                timer->index_ = base_ + static_cast<std::uint32_t>(kept);
                entries_[kept++] = timer;
            }
        }
        entries_.resize(kept);
        gap_ = 0;
    }

    std::vector<Timer*> entries_; // nullptr for a timer that was removed; the last is none
    std::size_t count_ = 0;       // of timers
    std::size_t gap_ = 0;         // removed timers at the beginning
    std::uint32_t base_ = 0;      // the index of the first entry
};

} // namespace hocket::engine
