#include <algorithm>
#include <map>
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

TEST(TimerQueue, ExpiresInOrderOfDeadlinesAndEqualOnesInOrderOfArming) {
    TimerQueue queue(0);
    std::vector<int> expired;
    std::vector<TestTimer> timers(4);
    const Nanoseconds deadlines[] = {5'000'000'000, 10, 5'000'000'000, 3'000'000};
    for (int i = 0; i < 4; ++i) {
        timers[static_cast<std::size_t>(i)].id = i;
        timers[static_cast<std::size_t>(i)].expired = &expired;
        queue.arm(timers[static_cast<std::size_t>(i)], deadlines[i]);
    }
    queue.expire(5'000'000'000);
    EXPECT_EQ(expired, (std::vector<int>{1, 3, 0, 2}));
    EXPECT_TRUE(queue.empty());
}

TEST(TimerQueue, ATimerArmedByAnExpiryWaitsForTheNextCall) {
    struct Rearming final : Timer {
        TimerQueue* queue = nullptr;
        int expiries = 0;
        void expire() noexcept override {
            ++expiries;
            queue->arm(*this, 0);
        }
    } timer;
    TimerQueue queue(0);
    timer.queue = &queue;
    queue.arm(timer, 0);
    queue.expire(1'000'000'000);
    EXPECT_EQ(timer.expiries, 1);
    queue.expire(1'000'000'000);
    EXPECT_EQ(timer.expiries, 2);
    queue.cancel(timer);
}

TEST(TimerQueue, VisitsEveryArmedTimer) {
    TimerQueue queue(0);
    std::vector<int> expired;
    std::vector<TestTimer> timers(400);
    std::vector<const Timer*> armed;
    for (std::size_t i = 0; i < timers.size(); ++i) {
        timers[i].expired = &expired;
        // In the heap, in slots of each level, and in the slot that is sorted below.
        queue.arm(timers[i], i % 4 == 0 ? static_cast<Nanoseconds>(3'000'000 + i)
                                        : Nanoseconds{1} << (i % 60));
    }
    queue.expire(3'000'100);
    for (std::size_t i = 0; i < timers.size(); i += 3) {
        if (timers[i].is_armed()) {
            queue.cancel(timers[i]);
        }
    }
    for (const TestTimer& timer : timers) {
        if (timer.is_armed()) {
            armed.push_back(&timer);
        }
    }
    std::vector<const Timer*> visited;
    queue.for_each([&](const Timer& timer) { visited.push_back(&timer); });
    std::ranges::sort(visited);
    EXPECT_EQ(visited, armed);
    EXPECT_EQ(visited.size(), queue.size());
    queue.discard_all();
}

// Compares random arming, cancelling and passing of time with a sorted multimap.
class TimerQueueAgainstAModel : public ::testing::TestWithParam<unsigned> {};

TEST_P(TimerQueueAgainstAModel, ExpiresTheSameTimersInTheSameOrder) {
    std::mt19937_64 random(GetParam());
    const auto below = [&](std::uint64_t limit) {
        return std::uniform_int_distribution<std::uint64_t>(0, limit - 1)(random);
    };
    // All orders of magnitude from nanoseconds to centuries are equally likely.
    const auto some_time = [&] {
        return static_cast<Nanoseconds>(below(std::uint64_t{1} << below(62)));
    };

    Nanoseconds now = static_cast<Nanoseconds>(below(std::uint64_t{1} << 50));
    TimerQueue queue(now);
    std::multimap<Nanoseconds, int> model; // equal keys keep the order of insertion
    std::vector<int> expired;
    std::vector<std::unique_ptr<TestTimer>> timers;
    for (int i = 0; i < 500; ++i) {
        timers.push_back(std::make_unique<TestTimer>());
        timers.back()->id = i;
        timers.back()->expired = &expired;
    }
    const auto model_entry = [&](const TestTimer& timer) {
        const auto [first, last] = model.equal_range(timer.deadline());
        return std::find_if(first, last, [&](const auto& each) { return each.second == timer.id; });
    };
    for (int step = 0; step < 20'000; ++step) {
        TestTimer& timer = *timers[below(timers.size())];
        if (below(4) != 0) {
            if (timer.is_armed()) {
                model.erase(model_entry(timer));
                queue.cancel(timer);
            } else {
                const Nanoseconds deadline =
                    below(20) == 0 ? now - std::min(now, some_time()) : now + some_time() / 2;
                queue.arm(timer, deadline);
                model.emplace(timer.deadline(), timer.id);
            }
        } else {
            now += below(3) != 0 ? some_time() % 1'000'000'000'000 : 0;
            if (below(500) == 0) {
                now += some_time() / 1024;
            }
            expired.clear();
            queue.expire(now);
            std::vector<int> expected;
            while (!model.empty() && model.begin()->first <= now) {
                expected.push_back(model.begin()->second);
                model.erase(model.begin());
            }
            ASSERT_EQ(expired, expected) << "at step " << step;
        }
        ASSERT_EQ(queue.size(), model.size());
        if (!model.empty()) {
            ASSERT_LE(queue.next_wakeup(), model.begin()->first) << "at step " << step;
        }
    }
    for (const auto& timer : timers) {
        if (timer->is_armed()) {
            queue.cancel(*timer);
        }
    }
    EXPECT_TRUE(queue.empty());
}

INSTANTIATE_TEST_SUITE_P(Seeds, TimerQueueAgainstAModel, ::testing::Range(1U, 21U));

TEST(TimerQueue, WakingUpWhenItSaysReachesTheDeadlineInFewSteps) {
    for (int shift = 0; shift < 55; ++shift) {
        TimerQueue queue(12'345);
        std::vector<int> expired;
        TestTimer timer;
        timer.expired = &expired;
        const Nanoseconds deadline = 12'345 + (Nanoseconds{1} << shift);
        queue.arm(timer, deadline);
        int wakeups = 0;
        while (expired.empty()) {
            ASSERT_LE(queue.next_wakeup(), deadline);
            queue.expire(queue.next_wakeup());
            ASSERT_LT(++wakeups, 10);
        }
    }
}

} // namespace
} // namespace hocket::engine
