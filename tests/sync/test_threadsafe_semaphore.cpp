#include <hocket/threadsafe_semaphore.hpp>

#include <gtest/gtest.h>

#include <atomic>
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

Coro<> take(ThreadsafeSemaphore& semaphore, Log& log, std::string name) {
    co_await semaphore.acquire();
    log.push_back(name);
}

TEST(ThreadsafeSemaphore, LetsInSoMany) {
    ThreadsafeSemaphore semaphore(2);
    EXPECT_TRUE(semaphore.try_acquire());
    EXPECT_FALSE(semaphore.locked());
    EXPECT_TRUE(semaphore.acquire_blocking());
    EXPECT_TRUE(semaphore.locked());
    EXPECT_FALSE(semaphore.try_acquire());
    EXPECT_FALSE(semaphore.acquire_blocking(1ms));
    semaphore.release(3);
    EXPECT_TRUE(semaphore.try_acquire());
    EXPECT_TRUE(semaphore.try_acquire());
    EXPECT_TRUE(semaphore.try_acquire());
    EXPECT_FALSE(semaphore.try_acquire());
}

TEST(ThreadsafeSemaphore, RefusesWrongNumbers) {
    EXPECT_THROW(ThreadsafeSemaphore(-1), ValueError);
    EXPECT_THROW(ThreadsafeBoundedSemaphore(-1), ValueError);
    ThreadsafeSemaphore semaphore(0);
    EXPECT_TRUE(semaphore.locked());
    EXPECT_THROW(semaphore.release(0), ValueError);
    EXPECT_THROW(semaphore.release(-1), ValueError);
    EXPECT_FALSE(semaphore.try_acquire());
}

TEST(ThreadsafeSemaphore, ABoundedOneRefusesToExceedItsInitialValue) {
    ThreadsafeBoundedSemaphore semaphore(2);
    EXPECT_THROW(semaphore.release(), ValueError);
    EXPECT_TRUE(semaphore.try_acquire());
    EXPECT_THROW(semaphore.release(2), ValueError);
    semaphore.release();
    EXPECT_THROW(semaphore.release(), ValueError);
}

TEST(ThreadsafeSemaphore, ServesTasksAndThreadsInOrderOfArrival) {
    const auto main = []() -> Coro<> {
        ThreadsafeSemaphore semaphore(0);
        Log log;
        auto a = create_task(take(semaphore, log, "a"));
        co_await turns();
        Thread thread([&] { semaphore.acquire_blocking(); });
        thread.start();
        wait_until_blocked(thread);
        auto b = create_task(take(semaphore, log, "b"));
        co_await turns();
        semaphore.release();
        co_await a;
        EXPECT_TRUE(thread.is_alive());
        semaphore.release();
        co_await thread.future();
        EXPECT_FALSE(b.done());
        semaphore.release();
        co_await b;
        EXPECT_EQ(log, (Log{"a", "b"}));
    };
    run(main);
}

TEST(ThreadsafeSemaphore, ReleasesSeveralAtOnce) {
    const auto main = []() -> Coro<> {
        ThreadsafeSemaphore semaphore(0);
        Log log;
        auto a = create_task(take(semaphore, log, "a"));
        auto b = create_task(take(semaphore, log, "b"));
        co_await turns();
        semaphore.release(3);
        co_await a;
        co_await b;
        EXPECT_TRUE(semaphore.try_acquire());
        EXPECT_FALSE(semaphore.try_acquire());
    };
    run(main);
}

TEST(ThreadsafeSemaphore, APermitGrantedToACancelledTaskPassesToTheNext) {
    const auto main = []() -> Coro<> {
        ThreadsafeSemaphore semaphore(0);
        Log log;
        auto a = create_task(take(semaphore, log, "a"));
        auto b = create_task(take(semaphore, log, "b"));
        auto c = create_task(take(semaphore, log, "c"));
        co_await turns();
        semaphore.release();
        a.cancel(); // after the release
        b.cancel();
        semaphore.release(); // after the cancellation
        co_await c;
        EXPECT_TRUE(a.cancelled());
        EXPECT_TRUE(b.cancelled());
        EXPECT_EQ(log, Log{"c"});
        EXPECT_TRUE(semaphore.try_acquire());
        EXPECT_FALSE(semaphore.try_acquire());
    };
    run(main);
}

TEST(ThreadsafeSemaphore, GuardsReleaseAtTheEndOfTheirScopes) {
    const auto main = []() -> Coro<> {
        ThreadsafeBoundedSemaphore semaphore(1);
        {
            auto guard = co_await semaphore.scoped();
            EXPECT_TRUE(semaphore.locked());
        }
        {
            auto guard = semaphore.scoped_blocking();
            EXPECT_TRUE(semaphore.locked());
        }
        EXPECT_FALSE(semaphore.locked());
    };
    run(main);
}

TEST(ThreadsafeSemaphore, ALoopThatIsClosedGivesItsPermitsBack) {
    ThreadsafeSemaphore semaphore(0);
    testing::internal::CaptureStderr();
    {
        EventLoop loop;
        Log log;
        auto granted = loop.create_task(take(semaphore, log, "a"));
        auto waiting = loop.create_task(take(semaphore, log, "b"));
        loop.run_until_complete(loop.create_task(turns(2)));
        semaphore.release();
        loop.close();
        EXPECT_TRUE(log.empty());
    }
    testing::internal::GetCapturedStderr();
    EXPECT_TRUE(semaphore.try_acquire());
    EXPECT_FALSE(semaphore.try_acquire());
}

TEST(ThreadsafeSemaphore, NeverLetsInMoreAndLosesNoPermitWhenAllRace) {
    constexpr int permits = 2;
    ThreadsafeBoundedSemaphore semaphore(permits);
    std::atomic<int> inside{0};
    std::atomic<int> visits{0};
    const auto visit = [&] {
        EXPECT_LE(++inside, permits);
        ++visits;
        --inside;
    };
    std::vector<Thread> threads;
    for (int i = 0; i < 2; ++i) {
        threads.emplace_back([&] {
            for (int round = 0; round < 500; ++round) {
                if (semaphore.acquire_blocking(std::chrono::microseconds(round % 50))) {
                    visit();
                    semaphore.release();
                }
            }
        });
        threads.emplace_back([&] {
            const auto visitor = [&]() -> Coro<> {
                auto guard = co_await semaphore.scoped();
                visit();
                co_await turns();
            };
            const auto main = [&]() -> Coro<> {
                for (int round = 0; round < 500; ++round) {
                    auto doomed = create_task(visitor);
                    auto spared = create_task(visitor);
                    co_await turns(round % 3);
                    doomed.cancel();
                    co_await spared;
                }
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
    EXPECT_GE(visits, 1000);
    for (int i = 0; i < permits; ++i) {
        EXPECT_TRUE(semaphore.try_acquire());
    }
    EXPECT_FALSE(semaphore.try_acquire());
}

} // namespace
