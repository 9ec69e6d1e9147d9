#include <hocket/threadsafe_lock.hpp>

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

Coro<> visit(ThreadsafeLock& lock, Log& log, std::string name) {
    co_await lock.acquire();
    log.push_back(name);
    lock.release();
}

TEST(ThreadsafeLock, IsTakenOnce) {
    ThreadsafeLock lock;
    EXPECT_FALSE(lock.locked());
    EXPECT_TRUE(lock.try_acquire());
    EXPECT_TRUE(lock.locked());
    EXPECT_FALSE(lock.try_acquire());
    EXPECT_FALSE(lock.acquire_blocking(0s));
    EXPECT_FALSE(lock.acquire_blocking(1ms));
    lock.release();
    EXPECT_TRUE(lock.acquire_blocking());
    lock.release();
    EXPECT_TRUE(lock.acquire_blocking(1h));
    lock.release();
    EXPECT_FALSE(lock.locked());
}

TEST(ThreadsafeLock, ReleasingAFreeLockIsAnError) {
    ThreadsafeLock lock;
    EXPECT_THROW(lock.release(), RuntimeError);
    EXPECT_TRUE(lock.try_acquire());
    lock.release();
    EXPECT_THROW(lock.release(), RuntimeError);
}

TEST(ThreadsafeLock, MayBeReleasedByAnotherThread) {
    ThreadsafeLock lock;
    lock.acquire_blocking();
    Thread other([&] { lock.release(); });
    other.start();
    lock.acquire_blocking();
    lock.release();
}

TEST(ThreadsafeLock, IsHandedOverInTheOrderOfAskingToTasksAndThreads) {
    const auto main = []() -> Coro<> {
        ThreadsafeLock lock;
        Log log;
        co_await lock.acquire();
        auto a = create_task(visit(lock, log, "task a"));
        co_await turns();
        Thread thread([&] {
            auto guard = lock.scoped_blocking();
            log.push_back("thread");
        });
        thread.start();
        wait_until_blocked(thread);
        auto b = create_task(visit(lock, log, "task b"));
        co_await turns();
        EXPECT_FALSE(lock.try_acquire());
        lock.release();
        EXPECT_FALSE(lock.try_acquire()); // it already belongs to a
        co_await b;
        EXPECT_EQ(log, (Log{"task a", "thread", "task b"}));
        EXPECT_FALSE(lock.locked());
    };
    run(main);
}

TEST(ThreadsafeLock, GuardsReleaseAtTheEndOfTheirScopes) {
    const auto main = []() -> Coro<> {
        ThreadsafeLock lock;
        {
            auto guard = co_await lock.scoped();
            EXPECT_TRUE(lock.locked());
        }
        EXPECT_FALSE(lock.locked());
        {
            auto guard = lock.scoped_blocking();
            EXPECT_TRUE(lock.locked());
            guard.release();
            EXPECT_FALSE(lock.locked());
        }
        EXPECT_FALSE(lock.locked());
        lock.acquire_blocking();
        const auto scoped = [&]() -> Coro<> { auto guard = co_await lock.scoped(); };
        auto waiting = create_task(scoped);
        co_await turns();
        lock.release();
        co_await waiting;
        EXPECT_FALSE(lock.locked());
    };
    run(main);
}

TEST(ThreadsafeLock, ReleasedThenCancelledInOneTurnPassesToTheNext) {
    const auto main = []() -> Coro<> {
        ThreadsafeLock lock;
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
    };
    run(main);
}

TEST(ThreadsafeLock, CancelledThenReleasedInOneTurnPassesToTheNext) {
    const auto main = []() -> Coro<> {
        ThreadsafeLock lock;
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
    };
    run(main);
}

TEST(ThreadsafeLock, ReleasedThenCancelledPassesToTheNextThread) {
    const auto main = []() -> Coro<> {
        ThreadsafeLock lock;
        Log log;
        co_await lock.acquire();
        auto a = create_task(visit(lock, log, "a"));
        co_await turns();
        Thread thread([&] { lock.acquire_blocking(); });
        thread.start();
        wait_until_blocked(thread);
        lock.release();
        a.cancel();
        co_await thread.future();
        EXPECT_TRUE(log.empty());
        EXPECT_TRUE(lock.locked());
        lock.release();
    };
    run(main);
}

TEST(ThreadsafeLock, ReleasedThenCancelledWithoutOtherWaitersStaysFree) {
    const auto main = []() -> Coro<> {
        ThreadsafeLock lock;
        Log log;
        co_await lock.acquire();
        auto a = create_task(visit(lock, log, "a"));
        co_await turns();
        lock.release();
        a.cancel();
        co_await turns(2);
        EXPECT_TRUE(a.cancelled());
        EXPECT_FALSE(lock.locked());
    };
    run(main);
}

TEST(ThreadsafeLock, AWaiterThatIsCancelledAndUncancelledInTheTurnOfTheReleaseGetsIt) {
    const auto main = []() -> Coro<> {
        ThreadsafeLock lock;
        Log log;
        co_await lock.acquire();
        auto a = create_task(visit(lock, log, "a"));
        co_await turns();
        lock.release();
        a.cancel();
        a.uncancel();
        co_await a;
        EXPECT_EQ(log, Log{"a"});
    };
    run(main);
}

TEST(ThreadsafeLock, DestroyedBeforeItsNextHolderResumesIsAnErrorThere) {
    const auto main = []() -> Coro<> {
        auto lock = std::make_unique<ThreadsafeLock>();
        Log log;
        co_await lock->acquire();
        auto granted = create_task(visit(*lock, log, "a"));
        auto waiting = create_task(visit(*lock, log, "b"));
        co_await turns();
        lock->release();
        lock.reset();
        co_await turns(2);
        EXPECT_NE(ending(granted).find("ThreadsafeLock was destroyed"), std::string::npos);
        EXPECT_FALSE(waiting.done());
        waiting.cancel();
    };
    run(main);
}

TEST(ThreadsafeLock, ALoopThatIsClosedHandsItOnToTheOthers) {
    ThreadsafeLock lock;
    lock.acquire_blocking();
    Thread next([&] {
        lock.acquire_blocking();
        lock.release();
    });
    testing::internal::CaptureStderr();
    {
        EventLoop loop;
        Log log;
        auto granted = loop.create_task(visit(lock, log, "a"));
        auto waiting = loop.create_task(visit(lock, log, "b"));
        loop.run_until_complete(loop.create_task(turns(2)));
        next.start();
        wait_until_blocked(next);
        lock.release(); // passes to a, whose loop does not run any more
        loop.close();
        EXPECT_TRUE(log.empty());
    }
    testing::internal::GetCapturedStderr();
    next.join();
    EXPECT_FALSE(lock.locked());
}

TEST(ThreadsafeLock, AThreadThatTimesOutLeavesTheQueue) {
    ThreadsafeLock lock;
    lock.acquire_blocking();
    EXPECT_FALSE(lock.acquire_blocking(1ms));
    lock.release();
    EXPECT_TRUE(lock.try_acquire());
    lock.release();
}

TEST(ThreadsafeLock, KeepsTasksOfSeveralLoopsAndThreadsApart) {
    constexpr int rounds = 200;
    ThreadsafeLock lock;
    int inside = 0; // guarded by the lock
    int visits = 0;
    std::vector<Thread> threads;
    for (int i = 0; i < 3; ++i) {
        threads.emplace_back([&] {
            for (int round = 0; round < rounds; ++round) {
                auto guard = lock.scoped_blocking();
                EXPECT_EQ(++inside, 1);
                --inside;
                ++visits;
            }
        });
        threads.emplace_back([&] {
            const auto visitor = [&]() -> Coro<> {
                for (int round = 0; round < rounds; ++round) {
                    auto guard = co_await lock.scoped();
                    EXPECT_EQ(++inside, 1);
                    co_await turns();
                    --inside;
                    ++visits;
                }
            };
            const auto main = [&]() -> Coro<> {
                auto a = create_task(visitor);
                auto b = create_task(visitor);
                co_await a;
                co_await b;
            };
            run(main);
        });
    }
    for (Thread& thread : threads) {
        thread.start();
    }
    for (Thread& thread : threads) {
        thread.join();
    }
    EXPECT_EQ(visits, 9 * rounds);
    EXPECT_FALSE(lock.locked());
}

TEST(ThreadsafeLock, IsNeverLostWhenCancellingAndTimeoutsRaceWithReleasing) {
    ThreadsafeLock lock;
    std::atomic<bool> stop{false};
    std::atomic<int> holders{0};
    const auto hold = [&] {
        EXPECT_EQ(++holders, 1);
        --holders;
        lock.release();
    };
    Thread impatient([&] {
        while (!stop) {
            if (lock.acquire_blocking(10us)) {
                hold();
            }
        }
    });
    Thread other_loop([&] {
        const auto main = [&]() -> Coro<> {
            while (!stop) {
                co_await lock.acquire();
                hold();
                co_await turns();
            }
        };
        run(main);
    });
    impatient.start();
    other_loop.start();
    const auto main = [&]() -> Coro<> {
        const auto taker = [&]() -> Coro<> {
            co_await lock.acquire();
            hold();
        };
        for (int i = 0; i < 2000; ++i) {
            auto task = create_task(taker);
            co_await turns(i % 3);
            task.cancel();
            try {
                co_await task;
            } catch (const CancelledError&) {
            }
        }
        stop = true;
    };
    run(main);
    impatient.join();
    other_loop.join();
    EXPECT_FALSE(lock.locked());
}

} // namespace
