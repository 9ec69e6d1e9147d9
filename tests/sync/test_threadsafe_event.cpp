#include <hocket/threadsafe_event.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include <hocket/event_loop.hpp>
#include <hocket/run.hpp>
#include <hocket/thread.hpp>

#include "support/blocked_thread.hpp"
#include "support/turns.hpp"

namespace {

using namespace hocket;
using namespace std::chrono_literals;

Coro<> wait_for(ThreadsafeEvent& event, Log& log, std::string name) {
    co_await event.wait();
    log.push_back(name);
}

TEST(ThreadsafeEvent, IsSetAndCleared) {
    ThreadsafeEvent event;
    EXPECT_FALSE(event.is_set());
    event.set();
    event.set();
    EXPECT_TRUE(event.is_set());
    EXPECT_TRUE(event.wait_blocking());
    EXPECT_TRUE(event.wait_blocking(0s));
    event.clear();
    EXPECT_FALSE(event.is_set());
    EXPECT_FALSE(event.wait_blocking(0s));
    EXPECT_FALSE(event.wait_blocking(-1s));
    EXPECT_FALSE(event.wait_blocking(1ms));
}

TEST(ThreadsafeEvent, WaitingForASetEventDoesNotSuspend) {
    const auto main = []() -> Coro<> {
        ThreadsafeEvent event;
        event.set();
        bool other_ran = false;
        const auto other = [&]() -> Coro<> {
            other_ran = true;
            co_return;
        };
        auto task = create_task(other);
        EXPECT_TRUE(co_await event.wait());
        EXPECT_FALSE(other_ran);
        co_await task;
    };
    run(main);
}

TEST(ThreadsafeEvent, AThreadWakesTasksAndThreads) {
    ThreadsafeEvent event;
    Thread waiter([&] { EXPECT_TRUE(event.wait_blocking()); });
    Thread timed_waiter([&] { EXPECT_TRUE(event.wait_blocking(1h)); });
    waiter.start();
    timed_waiter.start();
    const auto main = [&]() -> Coro<> {
        Log log;
        auto a = create_task(wait_for(event, log, "a"));
        auto b = create_task(wait_for(event, log, "b"));
        co_await turns();
        Thread setter([&] {
            wait_until_blocked(waiter);
            wait_until_blocked(timed_waiter);
            event.set();
        });
        setter.start();
        co_await a;
        co_await b;
        EXPECT_EQ(log, (Log{"a", "b"}));
    };
    run(main);
    waiter.join();
    timed_waiter.join();
}

TEST(ThreadsafeEvent, ClearingItAtOnceDoesNotAffectWokenWaiters) {
    const auto main = []() -> Coro<> {
        ThreadsafeEvent event;
        Log log;
        auto a = create_task(wait_for(event, log, "a"));
        co_await turns();
        event.set();
        event.clear();
        co_await a;
        EXPECT_FALSE(event.is_set());
    };
    run(main);
}

TEST(ThreadsafeEvent, ACancelledTaskLeavesAndTheOthersAreWoken) {
    const auto main = []() -> Coro<> {
        ThreadsafeEvent event;
        Log log;
        auto a = create_task(wait_for(event, log, "a"));
        auto b = create_task(wait_for(event, log, "b"));
        co_await turns();
        a.cancel();
        event.set();
        co_await b;
        EXPECT_TRUE(a.cancelled());
        EXPECT_EQ(log, Log{"b"});
    };
    run(main);
}

TEST(ThreadsafeEvent, SetThenCancelledInOneTurnIsCancelled) {
    const auto main = []() -> Coro<> {
        ThreadsafeEvent event;
        Log log;
        auto a = create_task(wait_for(event, log, "a"));
        co_await turns();
        event.set();
        a.cancel();
        co_await turns(2);
        EXPECT_TRUE(a.cancelled());
    };
    run(main);
}

TEST(ThreadsafeEvent, TasksLeftWhenItIsDestroyedCanBeCancelled) {
    const auto main = []() -> Coro<> {
        auto event = std::make_unique<ThreadsafeEvent>();
        Log log;
        auto waiting = create_task(wait_for(*event, log, "a"));
        co_await turns();
        event.reset();
        co_await turns(2);
        EXPECT_FALSE(waiting.done());
        waiting.cancel();
        co_await turns(2);
        EXPECT_TRUE(waiting.cancelled());
    };
    run(main);
}

TEST(ThreadsafeEvent, MayBeDestroyedOnceItIsSetThoughTheTaskHasNotResumed) {
    const auto main = []() -> Coro<> {
        auto event = std::make_unique<ThreadsafeEvent>();
        Log log;
        auto woken = create_task(wait_for(*event, log, "a"));
        co_await turns();
        event->set();
        event.reset();
        co_await woken;
        EXPECT_EQ(log, Log{"a"});
    };
    run(main);
}

TEST(ThreadsafeEvent, ALoopThatIsClosedLeavesTheOthersWaiting) {
    ThreadsafeEvent event;
    Thread waiter([&] { event.wait_blocking(); });
    testing::internal::CaptureStderr();
    {
        EventLoop loop;
        Log log;
        auto waiting = loop.create_task(wait_for(event, log, "a"));
        loop.run_until_complete(loop.create_task(turns(2)));
        waiter.start();
        wait_until_blocked(waiter);
        loop.close();
        EXPECT_TRUE(waiting.cancelled());
    }
    EXPECT_NE(testing::internal::GetCapturedStderr().find("but it is pending"), std::string::npos);
    event.set();
    waiter.join();
}

TEST(ThreadsafeEvent, ALoopMayBeClosedOverATaskThatWasWoken) {
    ThreadsafeEvent event;
    testing::internal::CaptureStderr();
    {
        EventLoop loop;
        Log log;
        auto woken = loop.create_task(wait_for(event, log, "a"));
        loop.run_until_complete(loop.create_task(turns(2)));
        event.set();
        loop.close();
        EXPECT_TRUE(log.empty());
    }
    testing::internal::GetCapturedStderr();
}

TEST(ThreadsafeEvent, MayLiveInTheFrameOfTheTaskThatItWakes) {
    const auto main = []() -> Coro<> {
        for (int i = 0; i < 300; ++i) {
            auto event = std::make_unique<ThreadsafeEvent>();
            Thread setter([event = event.get()] { event->set(); });
            setter.start();
            co_await event->wait();
            event.reset();
        }
    };
    run(main);
}

TEST(ThreadsafeEvent, MayBeTheLastThatALoopWaitsFor) {
    for (int i = 0; i < 100; ++i) {
        ThreadsafeEvent event;
        Thread setter([&] { event.set(); });
        const auto main = [&]() -> Coro<> {
            setter.start();
            co_await event.wait();
        };
        run(main); // then the loop is destroyed, possibly in the middle of `set`
    }
}

TEST(ThreadsafeEvent, CancellingRacesWithSettingWithoutHarm) {
    const auto main = []() -> Coro<> {
        int ended = 0;
        for (int i = 0; i < 300; ++i) {
            ThreadsafeEvent event;
            Log log;
            auto waiting = create_task(wait_for(event, log, "a"));
            co_await turns();
            Thread setter([&] { event.set(); });
            setter.start();
            waiting.cancel();
            try {
                co_await waiting;
            } catch (const CancelledError&) {
            }
            ++ended;
            setter.join();
            EXPECT_TRUE(event.is_set());
        }
        EXPECT_EQ(ended, 300);
    };
    run(main);
}

TEST(ThreadsafeEvent, WaitIsACoroutineWhereOneIsAskedFor) {
    const auto main = []() -> Coro<> {
        ThreadsafeEvent event;
        Task<bool> task = create_task(event.wait());
        co_await turns();
        event.set();
        EXPECT_TRUE(co_await task);
    };
    run(main);
}

} // namespace
