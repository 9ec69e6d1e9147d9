#include <hocket/event.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <thread>

#include <hocket/run.hpp>

#include "support/turns.hpp"

namespace {

using namespace hocket;

Coro<> await_event(Event& event, Log& log, std::string name) {
    EXPECT_TRUE(co_await event.wait());
    log.push_back(name);
}

TEST(Event, IsClearAtFirst) {
    const Event event;
    EXPECT_FALSE(event.is_set());
}

TEST(Event, WaitingForASetEventDoesNotSuspend) {
    run([]() -> Coro<> {
        Event event;
        event.set();
        bool other_ran = false;
        auto other = create_task([&]() -> Coro<> {
            other_ran = true;
            co_return;
        });
        EXPECT_TRUE(co_await event.wait());
        EXPECT_FALSE(other_ran);
        co_await other;
    });
}

TEST(Event, SettingWakesAllInOrderOfArrival) {
    run([]() -> Coro<> {
        Event event;
        Log log;
        auto a = create_task(await_event(event, log, "a"));
        auto b = create_task(await_event(event, log, "b"));
        auto c = create_task(await_event(event, log, "c"));
        co_await turns();
        event.set();
        EXPECT_TRUE(log.empty());
        co_await turns();
        EXPECT_EQ(log, (Log{"a", "b", "c"}));
    });
}

TEST(Event, ClearingItAtOnceDoesNotAffectWokenWaiters) {
    run([]() -> Coro<> {
        Event event;
        Log log;
        auto a = create_task(await_event(event, log, "a"));
        co_await turns();
        event.set();
        event.clear();
        EXPECT_FALSE(event.is_set());
        co_await a;
        EXPECT_EQ(log, Log{"a"});
    });
}

TEST(Event, ClearedMakesTasksWaitAgain) {
    run([]() -> Coro<> {
        Event event;
        Log log;
        event.set();
        event.clear();
        auto a = create_task(await_event(event, log, "a"));
        co_await turns(3);
        EXPECT_TRUE(log.empty());
        event.set();
        co_await a;
    });
}

TEST(Event, CancellingAWaiterLeavesTheOthers) {
    run([]() -> Coro<> {
        Event event;
        Log log;
        auto a = create_task(await_event(event, log, "a"));
        auto b = create_task(await_event(event, log, "b"));
        co_await turns();
        a.cancel();
        event.set();
        co_await b;
        EXPECT_TRUE(a.cancelled());
        EXPECT_EQ(log, Log{"b"});
    });
}

TEST(Event, SetThenCancelledInOneTurnIsCancelled) {
    run([]() -> Coro<> {
        Event event;
        Log log;
        auto a = create_task(await_event(event, log, "a"));
        co_await turns();
        event.set();
        a.cancel();
        co_await turns(2);
        EXPECT_TRUE(a.cancelled());
        EXPECT_TRUE(log.empty());
    });
}

TEST(Event, WaitersLeftWhenItIsDestroyedCanBeCancelled) {
    run([]() -> Coro<> {
        auto event = std::make_unique<Event>();
        Log log;
        auto a = create_task(await_event(*event, log, "a"));
        co_await turns();
        event.reset();
        a.cancel();
        co_await turns(2);
        EXPECT_TRUE(a.cancelled());
    });
}

TEST(Event, AWokenWaiterMayOutliveIt) {
    run([]() -> Coro<> {
        auto event = std::make_unique<Event>();
        Log log;
        auto a = create_task(await_event(*event, log, "a"));
        co_await turns();
        event->set();
        event.reset();
        co_await a;
        EXPECT_EQ(log, Log{"a"});
    });
}

TEST(Event, SettingFromAnotherThreadInDebugModeIsAnErrorWhileTasksWait) {
    RunOptions options;
    options.debug = true;
    run(
        []() -> Coro<> {
            Event event;
            Log log;
            auto a = create_task(await_event(event, log, "a"));
            co_await turns();
            std::thread([&] { EXPECT_THROW(event.set(), RuntimeError); }).join();
            EXPECT_FALSE(event.is_set());
            event.set();
            co_await a;
        },
        options);
}

TEST(Event, WaitIsACoroutineWhereOneIsAskedFor) {
    run([]() -> Coro<> {
        Event event;
        Task<bool> task = create_task(Coro<bool>(event.wait()));
        co_await turns();
        event.set();
        EXPECT_TRUE(co_await task);
    });
}

} // namespace
