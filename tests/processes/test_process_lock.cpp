#include <chrono>
#include <csignal>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <sys/time.h>

#include <hocket/engine/sanitizers.hpp>
#include <hocket/process_lock.hpp>
#include <hocket/shared_value.hpp>

#include "support/other_process.hpp"
#include <hocket/hocket.hpp>

using namespace hocket;
using namespace other_process;
using namespace std::chrono_literals;

namespace {

/// Holds the lock until it is asked to release it, or is killed.
OtherProcess holder_of(const ProcessLock& lock) {
    OtherProcess other([](Channel& channel) {
        const auto held = channel.receive<ProcessLock>();
        held.acquire();
        channel.send(true);
        channel.receive<bool>();
        held.release();
        channel.send(true);
        channel.receive<bool>();
    });
    other.send(lock);
    EXPECT_TRUE(other.receive<bool>());
    return other;
}

TEST(ProcessLock, IsForOneThreadAtATime) {
    const ProcessLock lock;
    EXPECT_TRUE(lock.acquire());
    std::thread([&] { EXPECT_FALSE(lock.try_acquire()); }).join();
    lock.release();
    std::thread([&] {
        EXPECT_TRUE(lock.try_acquire());
        lock.release();
    }).join();
}

TEST(ProcessLock, IsForOneProcessAtATime) {
    const ProcessLock lock;
    OtherProcess other = holder_of(lock);
    EXPECT_FALSE(lock.try_acquire());
    EXPECT_FALSE(lock.acquire(1ms));
    EXPECT_FALSE(lock.acquire(-1s));
    other.send(true);
    EXPECT_TRUE(other.receive<bool>());
    const LockOutcome outcome = lock.acquire(1h);
    EXPECT_TRUE(outcome.acquired);
    EXPECT_FALSE(outcome.owner_died);
    lock.release();
}

TEST(ProcessLock, AKilledHoldersLockPassesOnAndTheNextHolderIsInformed) {
    const ProcessLock lock;
    OtherProcess other = holder_of(lock);
    other.kill();
    LockOutcome outcome = lock.acquire();
    EXPECT_TRUE(outcome.acquired);
    EXPECT_TRUE(outcome.owner_died);
    lock.release();
    outcome = lock.acquire();
    EXPECT_TRUE(outcome.acquired);
    EXPECT_FALSE(outcome.owner_died) << "reported once";
    lock.release();
}

TEST(ProcessLock, AKilledHoldersLockWakesAWaiter) {
    const ProcessLock lock;
    OtherProcess holder = holder_of(lock);
    std::vector<OtherProcess> others;
    for (int i = 0; i < 3; ++i) {
        others.emplace_back([](Channel& channel) {
            const auto awaited = channel.receive<ProcessLock>();
            channel.send(true);
            const auto guard = awaited.scoped();
            channel.send(guard.outcome().owner_died);
        });
        others.back().send(lock);
        EXPECT_TRUE(others.back().receive<bool>());
    }
    holder.kill();
    int told = 0;
    for (OtherProcess& other : others) {
        told += other.receive<bool>() ? 1 : 0;
        EXPECT_EQ(other.join(), 0);
    }
    EXPECT_EQ(told, 1);
}

TEST(ProcessLock, OfAThreadThatEndedIsFreeToo) {
    const ProcessLock lock;
    std::thread([&] { lock.acquire(); }).join();
    EXPECT_TRUE(lock.acquire().owner_died);
    lock.release();
}

TEST(ProcessLock, ReleasedByAThreadThatDoesNotHoldItIsAValueError) {
    if (detail::thread_sanitized) {
        GTEST_SKIP() << "ThreadSanitizer reports it, too, and ends the program";
    }
    const ProcessLock lock;
    EXPECT_THROW(lock.release(), ValueError);
    OtherProcess other = holder_of(lock);
    EXPECT_THROW(lock.release(), ValueError);
    other.send(true);
    EXPECT_TRUE(other.receive<bool>());
}

TEST(ProcessLock, AcquiredTwiceSaysSoInsteadOfWaitingForItself) {
    const ProcessLock lock;
    const auto guard = lock.scoped();
    EXPECT_THROW(lock.acquire(), RuntimeError);
    EXPECT_THROW(static_cast<void>(lock.acquire(1h)), RuntimeError);
    EXPECT_FALSE(lock.try_acquire());
}

TEST(ProcessLock, ScopedReleasesAtTheEndOfTheScope) {
    const ProcessLock lock;
    {
        auto guard = lock.scoped();
        EXPECT_TRUE(guard);
        EXPECT_FALSE(lock.try_acquire());
        auto moved = std::move(guard);
        EXPECT_FALSE(lock.try_acquire());
    }
    EXPECT_TRUE(lock.try_acquire());
    lock.release();
    auto guard = lock.scoped();
    guard.release();
    EXPECT_FALSE(guard);
    EXPECT_TRUE(lock.try_acquire());
    lock.release();
}

TEST(ProcessLock, KeepsProcessesApartHoweverManyAreKilled) {
    const ProcessLock lock;
    const SharedValue<std::int64_t> inside(0);
    const SharedValue<std::int64_t> visits(0);
    const auto visit_until_killed = [&](Channel&) {
        for (;;) {
            const auto guard = lock.scoped();
            if (guard.outcome().owner_died) {
                inside.store(0);
            }
            if (inside.fetch_add(1) != 0) {
                ::_exit(7);
            }
            inside.fetch_sub(1);
            visits.fetch_add(1);
        }
    };
    std::vector<OtherProcess> others;
    for (int i = 0; i < 3; ++i) {
        others.emplace_back(visit_until_killed);
    }
    for (int round = 0; round < 40; ++round) {
        const std::int64_t before = visits.load();
        while (visits.load() < before + 50) {
            std::this_thread::yield();
        }
        OtherProcess& victim = others[static_cast<std::size_t>(round) % others.size()];
        ::kill(victim.pid(), SIGKILL);
        ASSERT_EQ(victim.join(), -SIGKILL);
        victim = OtherProcess(visit_until_killed);
    }
    for (OtherProcess& other : others) {
        ::kill(other.pid(), SIGKILL);
        EXPECT_EQ(other.join(), -SIGKILL);
    }
    EXPECT_TRUE(lock.acquire(1h));
    lock.release();
}

TEST(LockOutcome, IsABool) {
    const ProcessLock lock;
    bool acquired = lock.try_acquire();
    EXPECT_TRUE(acquired);
    acquired = lock.try_acquire();
    EXPECT_FALSE(acquired);
    lock.release();
}

} // namespace
