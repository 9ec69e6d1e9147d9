#include <algorithm>
#include <memory>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "engine/timer_queue.hpp"

namespace hocket::engine {
namespace {

/// A timer that notes its expiry.
struct TestTimer final : Timer {
    int id = 0;
    std::vector<int>* expired = nullptr;
    void expire() noexcept override { expired->push_back(id); }
};

constexpr Nanoseconds minute = 60'000'000'000;

/// Thousands of timers, all in the same few slots, because their deadlines are close together.
class TimerSlots : public ::testing::Test {
protected:
    TimerSlots() {
        for (int i = 0; i < 5'000; ++i) {
            timers_.push_back(std::make_unique<TestTimer>());
            timers_.back()->id = i;
            timers_.back()->expired = &expired_;
        }
    }
    void arm_all(Nanoseconds deadline) {
        for (const auto& timer : timers_) {
            queue_.arm(*timer, deadline);
        }
    }
    [[nodiscard]] std::vector<int> armed() const {
        std::vector<int> ids;
        for (const auto& timer : timers_) {
            if (timer->is_armed()) {
                ids.push_back(timer->id);
            }
        }
        return ids;
    }

    TimerQueue queue_{0};
    std::vector<int> expired_;
    std::vector<std::unique_ptr<TestTimer>> timers_;
};

TEST_F(TimerSlots, KeepTheOrderOfArmingWhateverWasCancelled) {
    std::mt19937 random(1);
    Nanoseconds deadline = 0;
    for (const int kept_percent : {0, 1, 10, 50, 90, 100}) {
        deadline += minute;
        arm_all(deadline);
        std::vector<TestTimer*> order;
        for (const auto& timer : timers_) {
            order.push_back(timer.get());
        }
        std::ranges::shuffle(order, random);
        order.resize(order.size() * static_cast<std::size_t>(100 - kept_percent) / 100);
        for (TestTimer* const timer : order) {
            queue_.cancel(*timer);
        }
        const std::vector<int> expected = armed();
        expired_.clear();
        queue_.expire(deadline);
        EXPECT_EQ(expired_, expected) << kept_percent << " %";
        EXPECT_TRUE(queue_.empty());
    }
}

TEST_F(TimerSlots, AreCancelledFromEitherEnd) {
    for (const bool from_the_first : {true, false}) {
        arm_all(minute);
        for (std::size_t i = 0; i < timers_.size() - 3; ++i) {
            queue_.cancel(*timers_[from_the_first ? i : timers_.size() - 1 - i]);
        }
        const std::vector<int> expected = armed();
        EXPECT_EQ(expected.size(), 3U);
        for (const int id : expected) {
            queue_.cancel(*timers_[static_cast<std::size_t>(id)]);
        }
        EXPECT_TRUE(queue_.empty());
    }
}

// Servers do this with the deadlines of their connections.
TEST_F(TimerSlots, TimersThatAreArmedAgainAndAgainStayInOrder) {
    std::mt19937 random(2);
    arm_all(minute);
    std::vector<int> order;
    for (const auto& timer : timers_) {
        order.push_back(timer->id);
    }
    for (int round = 0; round < 20'000; ++round) {
        const auto which = static_cast<std::size_t>(random() % (round % 2 == 0 ? 5'000 : 50));
        const auto at = std::ranges::find(order, static_cast<int>(which));
        order.erase(at);
        order.push_back(static_cast<int>(which));
        queue_.cancel(*timers_[which]);
        queue_.arm(*timers_[which], minute);
    }
    queue_.expire(minute);
    EXPECT_EQ(expired_, order);
}

} // namespace
} // namespace hocket::engine
