#include <hocket/barrier.hpp>

#include <gtest/gtest.h>

#include <memory>

#include <hocket/run.hpp>

#include "support/turns.hpp"

namespace {

using namespace hocket;

Coro<> arrive(Barrier& barrier, Log& log, std::string name) {
    try {
        const std::size_t index = co_await barrier.wait();
        log.push_back(name + std::to_string(index));
    } catch (const BrokenBarrierError&) {
        log.push_back(name + " broken");
    } catch (const CancelledError&) {
        log.push_back(name + " cancelled");
        throw;
    }
}

TEST(Barrier, NeedsAParty) {
    EXPECT_THROW(Barrier(0), ValueError);
    EXPECT_THROW(Barrier(-1), ValueError);
}

TEST(Barrier, OfOneNeverWaits) {
    run([]() -> Coro<> {
        Barrier barrier(1);
        EXPECT_EQ(co_await barrier.wait(), 0U);
        EXPECT_EQ(co_await barrier.wait(), 0U);
        EXPECT_EQ(barrier.n_waiting(), 0U);
    });
}

TEST(Barrier, LetsAllGoWhenTheLastArrives) {
    run([]() -> Coro<> {
        Barrier barrier(3);
        Log log;
        EXPECT_EQ(barrier.parties(), 3U);
        auto a = create_task(arrive(barrier, log, "a"));
        auto b = create_task(arrive(barrier, log, "b"));
        co_await turns(3);
        EXPECT_TRUE(log.empty());
        EXPECT_EQ(barrier.n_waiting(), 2U);
        EXPECT_EQ(co_await barrier.wait(), 2U);
        EXPECT_EQ(barrier.n_waiting(), 0U);
        co_await a;
        co_await b;
        EXPECT_EQ(log, (Log{"a0", "b1"}));
    });
}

TEST(Barrier, CanBeUsedAgain) {
    run([]() -> Coro<> {
        Barrier barrier(2);
        Log log;
        for (int round = 0; round < 3; ++round) {
            auto a = create_task(arrive(barrier, log, "a"));
            co_await turns();
            co_await arrive(barrier, log, "b");
            co_await a;
        }
        EXPECT_EQ(log, (Log{"b1", "a0", "b1", "a0", "b1", "a0"}));
    });
}

TEST(Barrier, ATaskThatArrivesWhileOthersLeaveJoinsTheNextRound) {
    run([]() -> Coro<> {
        Barrier barrier(3);
        Log log;
        std::vector<Task<>> tasks;
        for (const char* name : {"a", "b", "c", "d", "e"}) {
            tasks.push_back(create_task(arrive(barrier, log, name)));
        }
        co_await turns(8);
        EXPECT_EQ(log, (Log{"c2", "a0", "b1"}));
        EXPECT_EQ(barrier.n_waiting(), 2U);
        co_await arrive(barrier, log, "f");
        co_await turns(4);
        EXPECT_EQ(log, (Log{"c2", "a0", "b1", "f2", "d0", "e1"}));
    });
}

TEST(Barrier, SeveralRoundsCanWaitToGetIn) {
    run([]() -> Coro<> {
        Barrier barrier(2);
        Log log;
        std::vector<Task<>> tasks;
        for (const char* name : {"a", "b", "c", "d", "e", "f"}) {
            tasks.push_back(create_task(arrive(barrier, log, name)));
        }
        for (auto& task : tasks) {
            co_await task;
        }
        EXPECT_EQ(log.size(), 6U);
        EXPECT_EQ(barrier.n_waiting(), 0U);
    });
}

TEST(Barrier, ResetSendsWaitersAway) {
    run([]() -> Coro<> {
        Barrier barrier(3);
        Log log;
        auto a = create_task(arrive(barrier, log, "a"));
        auto b = create_task(arrive(barrier, log, "b"));
        co_await turns();
        co_await barrier.reset();
        EXPECT_EQ(barrier.n_waiting(), 0U);
        EXPECT_FALSE(barrier.broken());
        co_await a;
        co_await b;
        EXPECT_EQ(log, (Log{"a broken", "b broken"}));
        EXPECT_FALSE(barrier.broken());
    });
}

TEST(Barrier, ATaskThatArrivesDuringAResetJoinsTheNewRound) {
    run([]() -> Coro<> {
        Barrier barrier(2);
        Log log;
        auto a = create_task(arrive(barrier, log, "a"));
        co_await turns();
        barrier.reset();
        auto b = create_task(TaskOptions{.eager_start = true},
                             [&]() -> Coro<> { return arrive(barrier, log, "b"); });
        co_await turns(3);
        EXPECT_EQ(log, Log{"a broken"});
        EXPECT_EQ(barrier.n_waiting(), 1U);
        co_await arrive(barrier, log, "c");
        co_await b;
        EXPECT_EQ(log, (Log{"a broken", "c1", "b0"}));
    });
}

TEST(Barrier, AbortBreaksItUntilReset) {
    run([]() -> Coro<> {
        Barrier barrier(3);
        Log log;
        auto a = create_task(arrive(barrier, log, "a"));
        auto b = create_task(arrive(barrier, log, "b"));
        co_await turns();
        co_await barrier.abort();
        EXPECT_TRUE(barrier.broken());
        EXPECT_EQ(barrier.n_waiting(), 0U);
        co_await a;
        co_await b;
        co_await arrive(barrier, log, "c");
        EXPECT_EQ(log, (Log{"a broken", "b broken", "c broken"}));
        co_await barrier.reset();
        EXPECT_FALSE(barrier.broken());
    });
}

TEST(Barrier, AbortThrowsInTasksThatWaitToEnter) {
    run([]() -> Coro<> {
        Barrier barrier(2);
        Log log;
        auto a = create_task(arrive(barrier, log, "a"));
        co_await turns();
        EXPECT_EQ(co_await barrier.wait(), 1U);
        auto late = create_task(TaskOptions{.eager_start = true},
                                [&]() -> Coro<> { return arrive(barrier, log, "late"); });
        barrier.abort();
        co_await late;
        co_await a;
        EXPECT_EQ(log, (Log{"a broken", "late broken"}));
    });
}

TEST(Barrier, ACancelledWaiterNoLongerCounts) {
    run([]() -> Coro<> {
        Barrier barrier(2);
        Log log;
        auto a = create_task(arrive(barrier, log, "a"));
        co_await turns();
        a.cancel();
        co_await turns(2);
        EXPECT_EQ(log, Log{"a cancelled"});
        EXPECT_EQ(barrier.n_waiting(), 0U);
        EXPECT_FALSE(barrier.broken());
        auto b = create_task(arrive(barrier, log, "b"));
        co_await turns();
        EXPECT_EQ(co_await barrier.wait(), 1U);
        co_await b;
    });
}

TEST(Barrier, IndexesAreDifferentAlsoAfterACancellation) {
    run([]() -> Coro<> {
        Barrier barrier(3);
        Log log;
        auto a = create_task(arrive(barrier, log, "a"));
        auto b = create_task(arrive(barrier, log, "b"));
        co_await turns();
        a.cancel();
        auto c = create_task(arrive(barrier, log, "c"));
        co_await turns();
        EXPECT_EQ(co_await barrier.wait(), 2U);
        co_await turns(2);
        EXPECT_EQ(log, (Log{"a cancelled", "b0", "c1"}));
    });
}

TEST(Barrier, OpenedThenCancelledInOneTurnIsCancelledAndTheOthersGoOn) {
    run([]() -> Coro<> {
        Barrier barrier(3);
        Log log;
        auto a = create_task(arrive(barrier, log, "a"));
        auto b = create_task(arrive(barrier, log, "b"));
        co_await turns();
        EXPECT_EQ(co_await barrier.wait(), 2U);
        a.cancel();
        co_await turns(2);
        EXPECT_EQ(log, (Log{"a cancelled", "b1"}));
        EXPECT_EQ(barrier.n_waiting(), 0U);
        EXPECT_FALSE(barrier.broken());
    });
}

// As in Python 3.13, a task that was released but has not resumed still counts as inside.
TEST(Barrier, OpenedThenResetInOneTurnIsBrokenForTasksStillInside) {
    run([]() -> Coro<> {
        Barrier barrier(2);
        Log log;
        auto a = create_task(arrive(barrier, log, "a"));
        co_await turns();
        EXPECT_EQ(co_await barrier.wait(), 1U);
        co_await barrier.reset();
        co_await a;
        EXPECT_EQ(log, Log{"a broken"});
        EXPECT_FALSE(barrier.broken());
    });
}

TEST(Barrier, WaitersLeftWhenItIsDestroyedCanBeCancelled) {
    run([]() -> Coro<> {
        auto barrier = std::make_unique<Barrier>(2);
        Log log;
        auto a = create_task(arrive(*barrier, log, "a"));
        co_await turns();
        barrier.reset();
        a.cancel();
        co_await turns(2);
        EXPECT_TRUE(a.cancelled());
    });
}

} // namespace
