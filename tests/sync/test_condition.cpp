#include <hocket/condition.hpp>

#include <gtest/gtest.h>

#include <memory>

#include <hocket/run.hpp>

#include "support/turns.hpp"

namespace {

using namespace hocket;

// Waits for one notification, and logs how the wait ended and whether the lock is held.
Coro<> await_notification(Condition& condition, Log& log, std::string name) {
    auto guard = co_await condition.scoped();
    try {
        EXPECT_TRUE(co_await condition.wait());
        log.push_back(name);
    } catch (const CancelledError& error) {
        log.push_back(name + " cancelled " + error.message() +
                      (condition.locked() ? " locked" : " unlocked"));
        throw;
    }
}

Coro<> notify(Condition& condition, std::size_t n) {
    auto guard = co_await condition.scoped();
    condition.notify(n);
}

TEST(Condition, WaitingWithoutTheLockIsAnError) {
    run([]() -> Coro<> {
        Condition condition;
        try {
            co_await condition.wait();
            ADD_FAILURE();
        } catch (const RuntimeError&) {
        }
    });
}

TEST(Condition, NotifyingWithoutTheLockIsAnError) {
    Condition condition;
    EXPECT_THROW(condition.notify(), RuntimeError);
    EXPECT_THROW(condition.notify_all(), RuntimeError);
}

TEST(Condition, WaitingReleasesTheLock) {
    run([]() -> Coro<> {
        Condition condition;
        Log log;
        auto a = create_task(await_notification(condition, log, "a"));
        co_await turns();
        EXPECT_FALSE(condition.locked());
        co_await notify(condition, 1);
        co_await a;
        EXPECT_EQ(log, Log{"a"});
        EXPECT_FALSE(condition.locked());
    });
}

TEST(Condition, NotifyWakesTheGivenNumberInOrderOfArrival) {
    run([]() -> Coro<> {
        Condition condition;
        Log log;
        auto a = create_task(await_notification(condition, log, "a"));
        auto b = create_task(await_notification(condition, log, "b"));
        auto c = create_task(await_notification(condition, log, "c"));
        co_await turns();
        co_await notify(condition, 2);
        co_await turns(4);
        EXPECT_EQ(log, (Log{"a", "b"}));
        co_await notify(condition, 100);
        co_await c;
        EXPECT_EQ(log, (Log{"a", "b", "c"}));
    });
}

TEST(Condition, NotifyAllWakesAllAndEachHoldsTheLockAlone) {
    run([]() -> Coro<> {
        Condition condition;
        int inside = 0;
        int woken = 0;
        std::vector<Task<>> tasks;
        for (int i = 0; i < 10; ++i) {
            tasks.push_back(create_task([&]() -> Coro<> {
                auto guard = co_await condition.scoped();
                co_await condition.wait();
                EXPECT_EQ(++inside, 1);
                co_await turns();
                --inside;
                ++woken;
            }));
        }
        co_await turns();
        {
            auto guard = co_await condition.scoped();
            condition.notify_all();
        }
        for (auto& task : tasks) {
            co_await task;
        }
        EXPECT_EQ(woken, 10);
    });
}

TEST(Condition, ANotificationWithoutWaitersIsLost) {
    run([]() -> Coro<> {
        Condition condition;
        Log log;
        co_await notify(condition, 1);
        auto a = create_task(await_notification(condition, log, "a"));
        co_await turns(3);
        EXPECT_TRUE(log.empty());
        a.cancel();
        co_await turns(2);
    });
}

TEST(Condition, WaitForReturnsThePredicatesValue) {
    run([]() -> Coro<> {
        Condition condition;
        int ready = 0;
        auto a = create_task([&]() -> Coro<int> {
            auto guard = co_await condition.scoped();
            co_return co_await condition.wait_for([&ready] { return ready; });
        });
        co_await turns();
        co_await notify(condition, 1);
        co_await turns(3);
        EXPECT_FALSE(a.done());
        ready = 7;
        co_await notify(condition, 1);
        EXPECT_EQ(co_await a, 7);
    });
}

TEST(Condition, WaitForDoesNotWaitWhenThePredicateIsTrue) {
    run([]() -> Coro<> {
        Condition condition;
        auto guard = co_await condition.scoped();
        EXPECT_TRUE(co_await condition.wait_for([] { return true; }));
    });
}

TEST(Condition, CanShareALock) {
    run([]() -> Coro<> {
        Lock lock;
        Condition not_empty(lock);
        Condition not_full(lock);
        Log log;
        auto a = create_task(await_notification(not_empty, log, "not_empty"));
        auto b = create_task(await_notification(not_full, log, "not_full"));
        co_await turns();
        co_await notify(not_full, 1);
        co_await b;
        EXPECT_EQ(log, Log{"not_full"});
        co_await notify(not_empty, 1);
        co_await a;
    });
}

TEST(Condition, ACancelledWaiterHoldsTheLockWhenTheErrorArrives) {
    run([]() -> Coro<> {
        Condition condition;
        Log log;
        auto a = create_task(await_notification(condition, log, "a"));
        co_await turns();
        a.cancel("stop");
        co_await turns(2);
        EXPECT_TRUE(a.cancelled());
        EXPECT_EQ(log, Log{"a cancelled stop locked"});
        EXPECT_FALSE(condition.locked());
    });
}

// Python 3.13 does the same: the wait for the lock survives any number of cancellations; the last
// one counts.
TEST(Condition, ACancelledWaiterWaitsForTheLockThroughFurtherCancellations) {
    run([]() -> Coro<> {
        Condition condition;
        Log log;
        auto a = create_task(await_notification(condition, log, "a"));
        co_await turns();
        co_await condition.acquire();
        a.cancel("one");
        co_await turns(3);
        EXPECT_FALSE(a.done());
        a.cancel("two");
        co_await turns(3);
        EXPECT_FALSE(a.done());
        condition.release();
        co_await turns(3);
        EXPECT_TRUE(a.cancelled());
        EXPECT_EQ(log, Log{"a cancelled two locked"});
        EXPECT_FALSE(condition.locked());
    });
}

TEST(Condition, NotifiedThenCancelledPassesTheNotificationOn) {
    run([]() -> Coro<> {
        Condition condition;
        Log log;
        auto a = create_task(await_notification(condition, log, "a"));
        auto b = create_task(await_notification(condition, log, "b"));
        co_await turns();
        co_await notify(condition, 1);
        a.cancel();
        co_await b;
        EXPECT_TRUE(a.cancelled());
        EXPECT_EQ(log, (Log{"a cancelled  locked", "b"}));
        EXPECT_FALSE(condition.locked());
    });
}

TEST(Condition, NotifiedThenCancelledWhileTheLockIsHeldPassesTheNotificationOn) {
    run([]() -> Coro<> {
        Condition condition;
        Log log;
        auto a = create_task(await_notification(condition, log, "a"));
        auto b = create_task(await_notification(condition, log, "b"));
        co_await turns();
        co_await condition.acquire();
        condition.notify(1);
        co_await turns();
        a.cancel();
        co_await turns();
        EXPECT_TRUE(log.empty());
        condition.release();
        co_await b;
        EXPECT_EQ(log, (Log{"a cancelled  locked", "b"}));
    });
}

TEST(Condition, CancelledThenNotifiedWakesTheNext) {
    run([]() -> Coro<> {
        Condition condition;
        Log log;
        auto a = create_task(await_notification(condition, log, "a"));
        auto b = create_task(await_notification(condition, log, "b"));
        co_await turns();
        co_await condition.acquire();
        a.cancel();
        condition.notify(1);
        condition.release();
        co_await b;
        EXPECT_TRUE(a.cancelled());
        EXPECT_EQ(log, (Log{"a cancelled  locked", "b"}));
    });
}

TEST(Condition, WaitersLeftWhenItIsDestroyedCanBeCancelled) {
    run([]() -> Coro<> {
        auto condition = std::make_unique<Condition>();
        auto a = create_task([&]() -> Coro<> {
            co_await condition->acquire();
            co_await condition->wait();
        });
        auto moved = create_task([&]() -> Coro<> {
            co_await condition->acquire();
            co_await condition->wait();
        });
        co_await turns();
        co_await condition->acquire();
        condition->notify(1);
        condition.reset();
        a.cancel();
        moved.cancel();
        co_await turns(2);
        EXPECT_TRUE(a.cancelled());
        EXPECT_TRUE(moved.cancelled());
    });
}

TEST(Condition, OutlivesALoopThatIsClosedOverItsWaiters) {
    Condition condition;
    Log log;
    testing::internal::CaptureStderr();
    {
        EventLoop loop;
        auto a = loop.create_task(await_notification(condition, log, "a"));
        auto b = loop.create_task(await_notification(condition, log, "b"));
        auto hold = loop.create_task([](Condition& held) -> Coro<> {
            co_await turns();
            co_await held.acquire();
            held.notify(1);
        }(condition));
        loop.run_until_complete(hold);
        loop.close();
    }
    EXPECT_FALSE(testing::internal::GetCapturedStderr().empty());
}

} // namespace
