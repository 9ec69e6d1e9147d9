#include <hocket/lock.hpp>

#include <gtest/gtest.h>

#include <memory>

#include <hocket/run.hpp>

#include "support/turns.hpp"

namespace {

using namespace hocket;
using namespace std::chrono_literals;

// Acquires the lock, logs its name, and releases the lock.
Coro<> visit(Lock& lock, Log& log, std::string name) {
    co_await lock.acquire();
    log.push_back(name);
    lock.release();
}

TEST(Lock, IsFreeAtFirst) {
    const Lock lock;
    EXPECT_FALSE(lock.locked());
}

TEST(Lock, AcquiringAFreeLockDoesNotSuspend) {
    run([]() -> Coro<> {
        Lock lock;
        bool other_ran = false;
        auto other = create_task([&]() -> Coro<> {
            other_ran = true;
            co_return;
        });
        EXPECT_TRUE(co_await lock.acquire());
        EXPECT_FALSE(other_ran);
        EXPECT_TRUE(lock.locked());
        lock.release();
        EXPECT_FALSE(lock.locked());
        co_await other;
    });
}

TEST(Lock, IsHandedOverInTheOrderOfAsking) {
    run([]() -> Coro<> {
        Lock lock;
        Log log;
        co_await lock.acquire();
        auto a = create_task(visit(lock, log, "a"));
        auto b = create_task(visit(lock, log, "b"));
        auto c = create_task(visit(lock, log, "c"));
        co_await turns();
        EXPECT_TRUE(log.empty());
        lock.release();
        co_await a;
        co_await b;
        co_await c;
        EXPECT_EQ(log, (Log{"a", "b", "c"}));
        EXPECT_FALSE(lock.locked());
    });
}

TEST(Lock, ReadsAsFreeUntilTheNextHolderResumesButCannotBeTaken) {
    run([]() -> Coro<> {
        Lock lock;
        Log log;
        co_await lock.acquire();
        auto a = create_task(visit(lock, log, "a"));
        co_await turns();
        lock.release();
        EXPECT_FALSE(lock.locked());
        co_await lock.acquire();
        log.push_back("main");
        EXPECT_EQ(log, (Log{"a", "main"}));
        lock.release();
        co_await a;
    });
}

TEST(Lock, ReleasingAFreeLockIsAnError) {
    Lock lock;
    EXPECT_THROW(lock.release(), RuntimeError);
}

TEST(Lock, ReleasingTwiceWhileItIsHandedOverIsAnError) {
    run([]() -> Coro<> {
        Lock lock;
        Log log;
        co_await lock.acquire();
        auto a = create_task(visit(lock, log, "a"));
        co_await turns();
        lock.release();
        EXPECT_THROW(lock.release(), RuntimeError);
        co_await a;
    });
}

TEST(Lock, AGuardReleasesAtTheEndOfItsScope) {
    run([]() -> Coro<> {
        Lock lock;
        {
            auto guard = co_await lock.scoped();
            EXPECT_TRUE(lock.locked());
        }
        EXPECT_FALSE(lock.locked());
    });
}

TEST(Lock, AGuardReleasesWhenAnExceptionPasses) {
    run([]() -> Coro<> {
        Lock lock;
        try {
            auto guard = co_await lock.scoped();
            throw 1;
        } catch (int) {
        }
        EXPECT_FALSE(lock.locked());
    });
}

TEST(Lock, AGuardCanReleaseEarlyAndBeMoved) {
    run([]() -> Coro<> {
        Lock lock;
        auto guard = co_await lock.scoped();
        auto moved = std::move(guard);
        EXPECT_FALSE(guard);
        EXPECT_TRUE(lock.locked());
        moved.release();
        EXPECT_FALSE(lock.locked());
        moved.release();
        co_await lock.acquire();
        lock.release();
    });
}

TEST(Lock, AGuardWhoseLockWasReleasedByHandTellsTheExceptionHandler) {
    run([]() -> Coro<> {
        std::string message;
        get_running_loop().set_exception_handler(
            [&](EventLoop&, const ExceptionContext& context) { message = context.message; });
        Lock lock;
        {
            auto guard = co_await lock.scoped();
            lock.release();
        }
        get_running_loop().set_exception_handler({});
        EXPECT_NE(message.find("guard"), std::string::npos);
    });
}

TEST(Lock, CancellingAWaiterLeavesTheLockToTheNext) {
    run([]() -> Coro<> {
        Lock lock;
        Log log;
        co_await lock.acquire();
        auto a = create_task(visit(lock, log, "a"));
        auto b = create_task(visit(lock, log, "b"));
        co_await turns();
        a.cancel();
        lock.release();
        co_await b;
        EXPECT_TRUE(a.cancelled());
        EXPECT_EQ(log, Log{"b"});
        EXPECT_FALSE(lock.locked());
    });
}

TEST(Lock, ReleasedThenCancelledInOneTurnPassesToTheNext) {
    run([]() -> Coro<> {
        Lock lock;
        Log log;
        co_await lock.acquire();
        auto a = create_task(visit(lock, log, "a"));
        auto b = create_task(visit(lock, log, "b"));
        co_await turns();
        lock.release();
        a.cancel();
        co_await b;
        EXPECT_TRUE(a.cancelled());
        EXPECT_EQ(log, Log{"b"});
        EXPECT_FALSE(lock.locked());
    });
}

TEST(Lock, ReleasedThenCancelledWithoutOtherWaitersStaysFree) {
    run([]() -> Coro<> {
        Lock lock;
        Log log;
        co_await lock.acquire();
        auto a = create_task(visit(lock, log, "a"));
        co_await turns();
        lock.release();
        a.cancel();
        co_await turns(2);
        EXPECT_TRUE(a.cancelled());
        EXPECT_FALSE(lock.locked());
        co_await lock.acquire();
        lock.release();
    });
}

TEST(Lock, AWaiterThatIsCancelledAndUncancelledInTheSameTurnAsTheReleaseGetsIt) {
    run([]() -> Coro<> {
        Lock lock;
        Log log;
        co_await lock.acquire();
        auto a = create_task(visit(lock, log, "a"));
        co_await turns();
        lock.release();
        a.cancel();
        a.uncancel();
        co_await a;
        EXPECT_EQ(log, Log{"a"});
    });
}

TEST(Lock, WaitersLeftWhenItIsDestroyedCanBeCancelled) {
    run([]() -> Coro<> {
        auto lock = std::make_unique<Lock>();
        Log log;
        co_await lock->acquire();
        auto waiting = create_task(visit(*lock, log, "a"));
        co_await turns();
        lock.reset();
        co_await turns(2);
        EXPECT_FALSE(waiting.done());
        waiting.cancel();
        co_await turns(2);
        EXPECT_TRUE(waiting.cancelled());
        EXPECT_TRUE(log.empty());
    });
}

TEST(Lock, DestroyedBeforeItsNextHolderResumesIsAnErrorThere) {
    run([]() -> Coro<> {
        auto lock = std::make_unique<Lock>();
        Log log;
        co_await lock->acquire();
        auto granted = create_task(visit(*lock, log, "a"));
        co_await turns();
        lock->release();
        lock.reset();
        co_await turns(2);
        EXPECT_NE(ending(granted).find("Lock was destroyed"), std::string::npos);
    });
}

TEST(Lock, WaitersLeftWhenMainEndsAreCancelled) {
    Task<> left;
    run([&]() -> Coro<> {
        Lock lock;
        Log log;
        co_await lock.acquire();
        left = create_task([&]() -> Coro<> { co_await lock.acquire(); });
        co_await turns();
    });
    EXPECT_TRUE(left.cancelled());
}

TEST(Lock, OutlivesALoopThatIsClosedOverItsWaiters) {
    Lock lock;
    testing::internal::CaptureStderr();
    {
        EventLoop loop;
        Log log;
        auto hold = loop.create_task([](Lock& held) -> Coro<> { co_await held.acquire(); }(lock));
        loop.run_until_complete(hold);
        auto granted = loop.create_task(visit(lock, log, "a"));
        auto waiting = loop.create_task(visit(lock, log, "b"));
        auto stop = loop.create_task([](Lock& held) -> Coro<> {
            co_await turns(2);
            held.release();
        }(lock));
        loop.run_until_complete(stop);
        loop.close();
    }
    const std::string reports = testing::internal::GetCapturedStderr();
    EXPECT_NE(reports.find("destroyed but it is pending"), std::string::npos);
    EXPECT_FALSE(lock.locked());
}

TEST(Lock, UsedByTasksOfTwoLoopsSaysSo) {
    Lock lock;
    Log log;
    EventLoop first;
    EventLoop second;
    auto contend = [](Lock& shared, Log& seen) -> Coro<> {
        co_await shared.acquire();
        auto other = create_task(visit(shared, seen, "other"));
        co_await turns();
        shared.release();
        co_await other;
    };
    first.run_until_complete(first.create_task(contend(lock, log)));
    try {
        second.run_until_complete(second.create_task(contend(lock, log)));
        FAIL();
    } catch (const RuntimeError& error) {
        EXPECT_NE(std::string(error.what()).find("is bound to a different event loop"),
                  std::string::npos);
    }
}

TEST(Lock, AcquireIsACoroutineWhereOneIsAskedFor) {
    run([]() -> Coro<> {
        Lock lock;
        Task<bool> task = create_task(Coro<bool>(lock.acquire()));
        EXPECT_TRUE(co_await task);
        EXPECT_TRUE(lock.locked());
        lock.release();
    });
}

TEST(Lock, KeepsAThousandTasksApart) {
    run([]() -> Coro<> {
        Lock lock;
        int inside = 0;
        int visits = 0;
        std::vector<Task<>> tasks;
        for (int i = 0; i < 1000; ++i) {
            tasks.push_back(create_task([&]() -> Coro<> {
                auto guard = co_await lock.scoped();
                EXPECT_EQ(++inside, 1);
                co_await turns();
                --inside;
                ++visits;
            }));
        }
        for (auto& task : tasks) {
            co_await task;
        }
        EXPECT_EQ(visits, 1000);
    });
}

} // namespace
