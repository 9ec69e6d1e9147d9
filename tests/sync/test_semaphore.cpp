#include <hocket/semaphore.hpp>

#include <gtest/gtest.h>

#include <memory>

#include <hocket/run.hpp>

#include "support/turns.hpp"

namespace {

using namespace hocket;

Coro<> take(Semaphore& semaphore, Log& log, std::string name) {
    co_await semaphore.acquire();
    log.push_back(name);
}

TEST(Semaphore, ANegativeValueIsAnError) {
    EXPECT_THROW(Semaphore(-1), ValueError);
    EXPECT_THROW(BoundedSemaphore(-1), ValueError);
}

TEST(Semaphore, LetsAsManyInAsItsValue) {
    run([]() -> Coro<> {
        Semaphore semaphore(2);
        Log log;
        auto a = create_task(take(semaphore, log, "a"));
        auto b = create_task(take(semaphore, log, "b"));
        auto c = create_task(take(semaphore, log, "c"));
        co_await turns();
        EXPECT_EQ(log, (Log{"a", "b"}));
        EXPECT_TRUE(semaphore.locked());
        semaphore.release();
        co_await c;
        EXPECT_EQ(log, (Log{"a", "b", "c"}));
    });
}

TEST(Semaphore, OfZeroWaitsForARelease) {
    run([]() -> Coro<> {
        Semaphore semaphore(0);
        Log log;
        EXPECT_TRUE(semaphore.locked());
        auto a = create_task(take(semaphore, log, "a"));
        co_await turns(3);
        EXPECT_TRUE(log.empty());
        semaphore.release();
        co_await a;
    });
}

TEST(Semaphore, ServesInTheOrderOfAsking) {
    run([]() -> Coro<> {
        Semaphore semaphore(0);
        Log log;
        auto a = create_task(take(semaphore, log, "a"));
        auto b = create_task(take(semaphore, log, "b"));
        auto c = create_task(take(semaphore, log, "c"));
        co_await turns();
        semaphore.release();
        semaphore.release();
        semaphore.release();
        co_await turns();
        EXPECT_EQ(log, (Log{"a", "b", "c"}));
        EXPECT_TRUE(semaphore.locked());
    });
}

// As in Python 3.13, locked() is true until a woken task has resumed, although a permit is free.
TEST(Semaphore, NoTaskOvertakesAWokenTask) {
    run([]() -> Coro<> {
        Semaphore semaphore(0);
        Log log;
        auto a = create_task(take(semaphore, log, "a"));
        co_await turns();
        semaphore.release();
        semaphore.release();
        EXPECT_TRUE(semaphore.locked());
        co_await semaphore.acquire();
        log.push_back("main");
        EXPECT_EQ(log, (Log{"a", "main"}));
        co_await a;
    });
}

TEST(Semaphore, CancellingAWaiterKeepsThePermitForTheNext) {
    run([]() -> Coro<> {
        Semaphore semaphore(0);
        Log log;
        auto a = create_task(take(semaphore, log, "a"));
        auto b = create_task(take(semaphore, log, "b"));
        co_await turns();
        a.cancel();
        semaphore.release();
        co_await b;
        EXPECT_TRUE(a.cancelled());
        EXPECT_EQ(log, Log{"b"});
        EXPECT_TRUE(semaphore.locked());
    });
}

TEST(Semaphore, ReleasedThenCancelledInOneTurnWakesTheNext) {
    run([]() -> Coro<> {
        Semaphore semaphore(0);
        Log log;
        auto a = create_task(take(semaphore, log, "a"));
        auto b = create_task(take(semaphore, log, "b"));
        co_await turns();
        semaphore.release();
        a.cancel();
        co_await b;
        EXPECT_TRUE(a.cancelled());
        EXPECT_EQ(log, Log{"b"});
    });
}

TEST(Semaphore, ReleasedThenCancelledWithoutOtherWaitersKeepsThePermit) {
    run([]() -> Coro<> {
        Semaphore semaphore(0);
        Log log;
        auto a = create_task(take(semaphore, log, "a"));
        co_await turns();
        semaphore.release();
        a.cancel();
        co_await turns(2);
        EXPECT_TRUE(a.cancelled());
        EXPECT_FALSE(semaphore.locked());
    });
}

// The case of cpython issue 90155: permits must reach all waiters when those before them are
// cancelled.
TEST(Semaphore, PermitsReachAllWaitersAfterCancelledTasks) {
    run([]() -> Coro<> {
        Semaphore semaphore(0);
        Log log;
        auto a = create_task(take(semaphore, log, "a"));
        auto b = create_task(take(semaphore, log, "b"));
        auto c = create_task(take(semaphore, log, "c"));
        auto d = create_task(take(semaphore, log, "d"));
        co_await turns();
        semaphore.release();
        semaphore.release();
        a.cancel();
        b.cancel();
        co_await c;
        co_await d;
        EXPECT_EQ(log, (Log{"c", "d"}));
        EXPECT_TRUE(semaphore.locked());
    });
}

TEST(Semaphore, AGuardGivesThePermitBack) {
    run([]() -> Coro<> {
        Semaphore semaphore(1);
        {
            auto slot = co_await semaphore.scoped();
            EXPECT_TRUE(semaphore.locked());
        }
        EXPECT_FALSE(semaphore.locked());
    });
}

TEST(Semaphore, MayBeReleasedAboveItsFirstValue) {
    run([]() -> Coro<> {
        Semaphore semaphore(1);
        semaphore.release();
        co_await semaphore.acquire();
        co_await semaphore.acquire();
        EXPECT_TRUE(semaphore.locked());
    });
}

TEST(BoundedSemaphore, ReleasingAboveTheFirstValueIsAnError) {
    run([]() -> Coro<> {
        BoundedSemaphore semaphore(1);
        EXPECT_THROW(semaphore.release(), ValueError);
        co_await semaphore.acquire();
        semaphore.release();
        EXPECT_THROW(semaphore.release(), ValueError);
    });
}

TEST(BoundedSemaphore, ReleasingForAWaiterIsNotAnError) {
    run([]() -> Coro<> {
        BoundedSemaphore semaphore(1);
        Log log;
        co_await semaphore.acquire();
        auto a = create_task(take(semaphore, log, "a"));
        co_await turns();
        semaphore.release();
        co_await a;
        semaphore.release();
        EXPECT_THROW(semaphore.release(), ValueError);
    });
}

TEST(Semaphore, DestroyingItFailsAGrantedWaiterAndLeavesOthersWaiting) {
    run([]() -> Coro<> {
        auto semaphore = std::make_unique<Semaphore>(0);
        Log log;
        auto granted = create_task(take(*semaphore, log, "a"));
        auto waiting = create_task(take(*semaphore, log, "b"));
        co_await turns();
        semaphore->release();
        semaphore.reset();
        co_await turns(2);
        EXPECT_NE(ending(granted).find("Semaphore was destroyed"), std::string::npos);
        EXPECT_FALSE(waiting.done());
        waiting.cancel();
        co_await turns(2);
        EXPECT_TRUE(waiting.cancelled());
    });
}

TEST(Semaphore, BoundsHowManyTasksWorkAtOnce) {
    run([]() -> Coro<> {
        Semaphore slots(3);
        int working = 0;
        int most = 0;
        std::vector<Task<>> tasks;
        for (int i = 0; i < 100; ++i) {
            tasks.push_back(create_task([&]() -> Coro<> {
                auto slot = co_await slots.scoped();
                most = std::max(most, ++working);
                co_await turns(2);
                --working;
            }));
        }
        for (auto& task : tasks) {
            co_await task;
        }
        EXPECT_EQ(most, 3);
        EXPECT_FALSE(slots.locked());
    });
}

} // namespace
