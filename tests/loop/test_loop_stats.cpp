#include <chrono>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <hocket/hocket.hpp>

using namespace hocket;
using namespace std::chrono_literals;

namespace {

Coro<> yield_often(int times) {
    for (int i = 0; i < times; ++i) {
        co_await sleep(0s);
    }
}

TEST(LoopStats, CountsTurnsAndSteps) {
    run([]() -> Coro<> {
        EventLoop& loop = get_running_loop();
        const LoopStats before = loop.stats();
        std::vector<Task<>> tasks;
        for (int i = 0; i < 10; ++i) {
            tasks.push_back(create_task(yield_often(100)));
        }
        for (auto& task : tasks) {
            co_await task;
        }
        const LoopStats after = loop.stats();
        EXPECT_GE(after.turns - before.turns, 100U);
        EXPECT_LE(after.turns - before.turns, 105U);
        EXPECT_GE(after.steps - before.steps, 1000U);
        EXPECT_LE(after.steps - before.steps, 1015U);
    });
}

TEST(LoopStats, CountsTasksThatAreNotDone) {
    run([]() -> Coro<> {
        EventLoop& loop = get_running_loop();
        EXPECT_EQ(loop.stats().tasks, 1U);
        auto sleeper = create_task(static_cast<Coro<>>(sleep(1h)));
        EXPECT_EQ(loop.stats().tasks, 2U);
        sleeper.cancel();
        co_await sleep(1ms);
        EXPECT_EQ(loop.stats().tasks, 1U);
    });
}

TEST(LoopStats, TellsSleepFromWork) {
    run([]() -> Coro<> {
        const LoopStats before = get_running_loop().stats();
        co_await sleep(30ms);
        const LoopStats slept = get_running_loop().stats();
        EXPECT_GE(slept.asleep - before.asleep, 25ms);
        std::this_thread::sleep_for(30ms); // blocks the loop
        co_await sleep(1ms);
        const LoopStats blocked = get_running_loop().stats();
        EXPECT_LT(blocked.asleep - slept.asleep, 29ms);
        EXPECT_GE(blocked.lag_max, 29ms);
        EXPECT_GT(blocked.busy(), 0.0);
        EXPECT_LT(blocked.busy(), 1.0);
    });
}

TEST(LoopStats, CanBeReadByAnotherThreadWhileTheLoopIsBlocked) {
    run(
        []() -> Coro<> {
            EventLoop& loop = get_running_loop();
            LoopStats seen;
            std::thread([&] { seen = loop.stats(); }).join();
            EXPECT_EQ(seen.name, "the loop");
            EXPECT_EQ(seen.tasks, 1U);
            co_return;
        },
        {.name = "the loop"});
}

} // namespace
