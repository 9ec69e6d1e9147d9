#include <chrono>
#include <csignal>
#include <cstdint>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <hocket/process_semaphore.hpp>
#include <hocket/run.hpp>
#include <hocket/shared_value.hpp>
#include <hocket/task.hpp>

#include "support/other_process.hpp"
#include "support/signal_storm.hpp"
#include "support/turns.hpp"

using namespace hocket;
using namespace other_process;
using namespace std::chrono_literals;

namespace {

/// Holds this many permits until it is asked to release them, or is killed.
OtherProcess holder_of(const ProcessSemaphore& semaphore, int permits = 1) {
    OtherProcess other([](Channel& channel) {
        const auto held = channel.receive<ProcessSemaphore>();
        const int count = channel.receive<int>();
        for (int i = 0; i < count; ++i) {
            held.acquire();
        }
        channel.send(true);
        channel.receive<bool>();
        for (int i = 0; i < count; ++i) {
            held.release();
        }
        channel.send(true);
    });
    other.send(semaphore);
    other.send(permits);
    EXPECT_TRUE(other.receive<bool>());
    return other;
}

TEST(ProcessSemaphore, HasAsManyPermitsAsItsValue) {
    const ProcessSemaphore semaphore(2);
    EXPECT_TRUE(semaphore.acquire());
    EXPECT_TRUE(semaphore.try_acquire());
    EXPECT_FALSE(semaphore.try_acquire());
    EXPECT_FALSE(semaphore.acquire(1ms));
    EXPECT_EQ(semaphore.value(), 0);
    semaphore.release();
    EXPECT_TRUE(semaphore.acquire(1h));
}

TEST(ProcessSemaphore, SharesThemAmongProcesses) {
    const ProcessSemaphore semaphore(2);
    OtherProcess other = holder_of(semaphore);
    EXPECT_TRUE(semaphore.try_acquire());
    EXPECT_FALSE(semaphore.try_acquire());
    other.send(true);
    const LockOutcome outcome = semaphore.acquire();
    EXPECT_TRUE(outcome.acquired);
    EXPECT_FALSE(outcome.owner_died);
    EXPECT_TRUE(other.receive<bool>());
    EXPECT_EQ(other.join(), 0);
}

TEST(ProcessSemaphore, MayBeReleasedByAnyone) {
    const ProcessSemaphore signals(0);
    signals.release();
    signals.release();
    EXPECT_EQ(signals.value(), 2);
    OtherProcess other = holder_of(signals, 2);
    EXPECT_EQ(signals.value(), 0);
    other.kill();
    EXPECT_FALSE(signals.try_acquire()) << "a signal that was received is not returned";
}

TEST(ProcessSemaphore, BoundedReleasedTooOftenIsAValueError) {
    const ProcessBoundedSemaphore bounded(1);
    EXPECT_THROW(bounded.release(), ValueError);
    EXPECT_TRUE(bounded.acquire());
    bounded.release();
    EXPECT_THROW(bounded.release(), ValueError);
    const auto crossed = cross(bounded);
    EXPECT_THROW(crossed.release(), ValueError);
    EXPECT_THROW(ProcessSemaphore(-1), ValueError);
}

TEST(ProcessSemaphore, GivesThePermitsOfAKilledHolderBack) {
    const ProcessSemaphore semaphore(3);
    OtherProcess killed = holder_of(semaphore, 2);
    OtherProcess living = holder_of(semaphore, 1);
    EXPECT_FALSE(semaphore.try_acquire());
    killed.kill();
    LockOutcome outcome = semaphore.try_acquire();
    EXPECT_TRUE(outcome.acquired);
    EXPECT_TRUE(outcome.owner_died);
    outcome = semaphore.try_acquire();
    EXPECT_TRUE(outcome.acquired);
    EXPECT_FALSE(outcome.owner_died) << "reported once";
    EXPECT_FALSE(semaphore.try_acquire());
    living.send(true);
    EXPECT_TRUE(semaphore.acquire());
}

TEST(ProcessSemaphore, AKilledHoldersPermitWakesAWaiter) {
    const ProcessSemaphore semaphore(1);
    OtherProcess holder = holder_of(semaphore);
    OtherProcess waiting([](Channel& channel) {
        const auto awaited = channel.receive<ProcessSemaphore>();
        channel.send(true);
        channel.send(awaited.acquire().owner_died);
    });
    waiting.send(semaphore);
    EXPECT_TRUE(waiting.receive<bool>());
    ::kill(holder.pid(), SIGKILL); // nobody reaps it until the other process has been notified
    EXPECT_TRUE(waiting.receive<bool>());
    EXPECT_EQ(waiting.join(), 0);
}

TEST(ProcessSemaphore, GivesNothingBackThatWasReleasedOnBehalfOfTheDead) {
    const ProcessSemaphore semaphore(1);
    OtherProcess holder = holder_of(semaphore);
    semaphore.release();
    holder.kill();
    EXPECT_TRUE(semaphore.try_acquire());
    EXPECT_FALSE(semaphore.try_acquire());
}

TEST(ProcessSemaphore, ScopedReleasesAtTheEndOfTheScope) {
    const ProcessSemaphore semaphore(1);
    {
        const auto permit = semaphore.scoped();
        EXPECT_EQ(semaphore.value(), 0);
    }
    EXPECT_EQ(semaphore.value(), 1);
}

TEST(ProcessSemaphore, IsAwaitedByTasks) {
    const ProcessSemaphore semaphore(1);
    const std::size_t before = open_descriptors();
    OtherProcess holder = holder_of(semaphore);
    run([&]() -> Coro<> {
        auto first = create_task(semaphore.acquire_async());
        auto cancelled = create_task(semaphore.acquire_async());
        co_await turns(3);
        EXPECT_FALSE(first.done());
        cancelled.cancel();
        holder.send(true);
        EXPECT_TRUE((co_await first).acquired);
        EXPECT_TRUE(cancelled.cancelled());
        semaphore.release();
        EXPECT_TRUE((co_await semaphore.acquire_async()).acquired);
    });
    EXPECT_EQ(semaphore.value(), 0);
    EXPECT_EQ(holder.join(), 0);
    EXPECT_EQ(open_descriptors(), before + 1) << "the channel's descriptor";
}

TEST(ProcessSemaphore, OfAKilledHolderWakesATask) {
    const ProcessSemaphore semaphore(1);
    OtherProcess holder = holder_of(semaphore);
    run([&]() -> Coro<> {
        auto waiting = create_task(semaphore.acquire_async());
        co_await turns(3);
        holder.kill();
        EXPECT_TRUE((co_await waiting).owner_died);
    });
}

TEST(ProcessSemaphore, IsWaitedForThroughAStormOfSignals) {
    const ProcessSemaphore semaphore(0);
    OtherProcess other([](Channel& channel) {
        const auto awaited = channel.receive<ProcessSemaphore>();
        SignalStorm storm;
        const LockOutcome early = awaited.acquire(20ms);
        channel.send(early.acquired);
        channel.send(awaited.acquire().acquired);
    });
    other.send(semaphore);
    EXPECT_FALSE(other.receive<bool>());
    semaphore.release();
    EXPECT_TRUE(other.receive<bool>());
}

TEST(ProcessSemaphore, WithoutDescriptorsLeftSaysSo) {
    const ProcessSemaphore semaphore(1);
    const NoMoreDescriptors none;
    EXPECT_TRUE(semaphore.acquire()) << "needs no descriptor unless it has to wait";
    EXPECT_THROW(semaphore.acquire(), std::system_error);
    EXPECT_THROW(ProcessSemaphore(1), std::system_error);
}

TEST(ProcessSemaphore, LosesNoPermitHoweverManyAreKilled) {
    constexpr std::int64_t permits = 2;
    const ProcessSemaphore semaphore(permits);
    const SharedValue<std::int64_t> visits(0);
    const auto visit_until_killed = [&](Channel&) {
        for (;;) {
            const auto permit = semaphore.scoped();
            visits.fetch_add(1);
        }
    };
    std::vector<OtherProcess> others;
    for (int i = 0; i < 4; ++i) {
        others.emplace_back(visit_until_killed);
    }
    for (std::size_t round = 0; round < 40; ++round) {
        const std::int64_t before = visits.load();
        while (visits.load() < before + 20) {
            std::this_thread::yield();
        }
        OtherProcess& victim = others[round % others.size()];
        victim.kill();
        victim = OtherProcess(visit_until_killed);
    }
    others.clear();
    for (std::int64_t i = 0; i < permits; ++i) {
        EXPECT_TRUE(semaphore.acquire(1h));
    }
    EXPECT_FALSE(semaphore.try_acquire());
}

} // namespace
