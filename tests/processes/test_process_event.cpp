#include <chrono>
#include <csignal>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <hocket/process_event.hpp>
#include <hocket/run.hpp>
#include <hocket/task.hpp>
#include <hocket/timeout.hpp>

#include "support/other_process.hpp"
#include "support/signal_storm.hpp"
#include "support/turns.hpp"

using namespace hocket;
using namespace other_process;
using namespace std::chrono_literals;

namespace {

TEST(ProcessEvent, IsSetUntilItIsCleared) {
    const ProcessEvent event;
    EXPECT_FALSE(event.is_set());
    EXPECT_FALSE(event.wait(0s));
    EXPECT_FALSE(event.wait(1ms));
    event.set();
    event.set();
    EXPECT_TRUE(event.is_set());
    EXPECT_TRUE(event.wait());
    EXPECT_TRUE(event.wait(-1s));
    event.clear();
    EXPECT_FALSE(event.is_set());
    event.clear();
    EXPECT_FALSE(event.is_set());
}

TEST(ProcessEvent, WakesTheWaitersOfAllProcesses) {
    const ProcessEvent event;
    std::vector<OtherProcess> others;
    for (int i = 0; i < 3; ++i) {
        others.emplace_back([](Channel& channel) {
            const auto awaited = channel.receive<ProcessEvent>();
            channel.send(awaited.is_set());
            channel.send(awaited.wait());
        });
        others.back().send(event);
        EXPECT_FALSE(others.back().receive<bool>());
    }
    std::thread here([&] { EXPECT_TRUE(event.wait(1h)); });
    others.front().kill(); // in the middle of its wait
    event.set();
    for (std::size_t i = 1; i < others.size(); ++i) {
        EXPECT_TRUE(others[i].receive<bool>());
        EXPECT_EQ(others[i].join(), 0);
    }
    here.join();
}

TEST(ProcessEvent, IsAwaitedByManyTasks) {
    const ProcessEvent event;
    const std::size_t before = open_descriptors();
    run([&]() -> Coro<> {
        const ProcessEvent same = event;
        auto a = create_task(same.wait_async());
        auto b = create_task(same.wait_async());
        auto cancelled = create_task(same.wait_async());
        co_await turns(3);
        EXPECT_FALSE(a.done());
        cancelled.cancel();
        event.set();
        EXPECT_TRUE(co_await a);
        EXPECT_TRUE(co_await b);
        EXPECT_TRUE(cancelled.cancelled());
        EXPECT_TRUE(co_await event.wait_async());
    });
    EXPECT_EQ(open_descriptors(), before);
}

TEST(ProcessEvent, IsWaitedForThroughAStormOfSignals) {
    OtherProcess other([](Channel& channel) {
        const auto event = channel.receive<ProcessEvent>();
        SignalStorm storm;
        const bool early = event.wait(50ms);
        channel.send(early);
        channel.send(event.wait());
    });
    const ProcessEvent event;
    other.send(event);
    EXPECT_FALSE(other.receive<bool>());
    event.set();
    EXPECT_TRUE(other.receive<bool>());
    EXPECT_EQ(other.join(), 0);
}

} // namespace
