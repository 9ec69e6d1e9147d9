#include <chrono>
#include <csignal>
#include <set>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <hocket/process_barrier.hpp>
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

/// Waits at the barrier and sends the number it got, or -1 if the barrier was broken.
OtherProcess party_at(const ProcessBarrier& barrier) {
    OtherProcess other([](Channel& channel) {
        const auto meeting = channel.receive<ProcessBarrier>();
        try {
            channel.send(static_cast<int>(meeting.wait()));
        } catch (const BrokenBarrierError&) {
            channel.send(-1);
        }
    });
    other.send(barrier);
    return other;
}

void await_waiting(const ProcessBarrier& barrier, std::size_t count) {
    while (barrier.n_waiting() != count) {
        std::this_thread::yield();
    }
}

TEST(ProcessBarrier, LetsAllGoTogetherWithDifferentNumbers) {
    const ProcessBarrier barrier(4);
    EXPECT_EQ(barrier.parties(), 4U);
    std::vector<OtherProcess> others;
    for (int i = 0; i < 3; ++i) {
        others.push_back(party_at(barrier));
    }
    await_waiting(barrier, 3);
    std::set<int> numbers{static_cast<int>(barrier.wait())};
    for (OtherProcess& other : others) {
        numbers.insert(other.receive<int>());
        EXPECT_EQ(other.join(), 0);
    }
    EXPECT_EQ(numbers, (std::set{0, 1, 2, 3}));
    EXPECT_EQ(barrier.n_waiting(), 0U);
    EXPECT_FALSE(barrier.broken());
}

TEST(ProcessBarrier, ForOneNeverWaits) {
    const ProcessBarrier barrier(1);
    EXPECT_EQ(barrier.wait(), 0U);
    EXPECT_EQ(barrier.wait(0s), 0U);
}

TEST(ProcessBarrier, KeepsManyRoundsApart) {
    constexpr int rounds = 200;
    const ProcessBarrier barrier(3);
    const SharedValue<int> arrived(0);
    const auto go_round = [&](Channel&) {
        for (int round = 1; round <= rounds; ++round) {
            arrived.fetch_add(1);
            barrier.wait();
            if (arrived.load() < 3 * round) {
                ::_exit(7);
            }
        }
    };
    std::vector<OtherProcess> others;
    for (int i = 0; i < 3; ++i) {
        others.emplace_back(go_round);
    }
    for (OtherProcess& other : others) {
        EXPECT_EQ(other.join(), 0);
    }
    EXPECT_EQ(arrived.load(), 3 * rounds);
}

TEST(ProcessBarrier, BreaksWhenAWaitTimesOut) {
    const ProcessBarrier barrier(3);
    OtherProcess other = party_at(barrier);
    await_waiting(barrier, 1);
    EXPECT_THROW(barrier.wait(1ms), BrokenBarrierError);
    EXPECT_EQ(other.receive<int>(), -1);
    EXPECT_TRUE(barrier.broken());
    EXPECT_THROW(barrier.wait(), BrokenBarrierError);
    barrier.reset();
    EXPECT_FALSE(barrier.broken());
}

TEST(ProcessBarrier, BreaksWhenAPartyIsKilledAsItWaits) {
    const ProcessBarrier barrier(4);
    OtherProcess first = party_at(barrier);
    await_waiting(barrier, 1);
    OtherProcess second = party_at(barrier);
    await_waiting(barrier, 2);
    OtherProcess third = party_at(barrier);
    await_waiting(barrier, 3);
    second.kill();
    EXPECT_EQ(first.receive<int>(), -1);
    EXPECT_EQ(third.receive<int>(), -1);
    EXPECT_TRUE(barrier.broken());
}

TEST(ProcessBarrier, BreaksForTheLastToComeWhenAllTheOthersWereKilled) {
    const ProcessBarrier barrier(2);
    OtherProcess other = party_at(barrier);
    await_waiting(barrier, 1);
    other.kill();
    EXPECT_THROW(barrier.wait(), BrokenBarrierError);
    EXPECT_TRUE(barrier.broken());
}

TEST(ProcessBarrier, IsAsNewAfterAReset) {
    const ProcessBarrier barrier(2);
    OtherProcess killed = party_at(barrier);
    await_waiting(barrier, 1);
    killed.kill();
    EXPECT_THROW(barrier.wait(), BrokenBarrierError);
    barrier.reset();
    OtherProcess other = party_at(barrier);
    const std::size_t number = barrier.wait();
    EXPECT_EQ(other.receive<int>(), 1 - static_cast<int>(number));
}

TEST(ProcessBarrier, ResetAndAbortThrowInTheWaiters) {
    const ProcessBarrier barrier(2);
    OtherProcess first = party_at(barrier);
    await_waiting(barrier, 1);
    barrier.reset();
    EXPECT_EQ(first.receive<int>(), -1);
    EXPECT_FALSE(barrier.broken());
    OtherProcess second = party_at(barrier);
    await_waiting(barrier, 1);
    barrier.abort();
    EXPECT_EQ(second.receive<int>(), -1);
    EXPECT_TRUE(barrier.broken());
    EXPECT_EQ(barrier.n_waiting(), 0U);
}

TEST(ProcessBarrier, ForZeroPartiesIsAValueError) {
    EXPECT_THROW(ProcessBarrier(0), ValueError);
    EXPECT_THROW(ProcessBarrier(-1), ValueError);
    EXPECT_THROW(ProcessBarrier(1'000'000), ValueError);
    EXPECT_THROW(ProcessBarrier().wait(), InvalidStateError);
}

TEST(ProcessBarrier, IsAwaitedByTasks) {
    const ProcessBarrier barrier(3);
    const std::size_t before = open_descriptors();
    run([&]() -> Coro<> {
        auto cancelled = create_task(barrier.wait_async());
        auto first = create_task(barrier.wait_async());
        co_await turns(3);
        EXPECT_EQ(barrier.n_waiting(), 2U);
        cancelled.cancel();
        co_await turns(3);
        EXPECT_EQ(barrier.n_waiting(), 1U);
        auto second = create_task(barrier.wait_async());
        OtherProcess other = party_at(barrier);
        std::set<std::size_t> numbers;
        numbers.insert(co_await first);
        numbers.insert(co_await second);
        numbers.insert(static_cast<std::size_t>(other.receive<int>()));
        EXPECT_EQ(numbers, (std::set<std::size_t>{0, 1, 2}));
    });
    EXPECT_EQ(open_descriptors(), before);
}

TEST(ProcessBarrier, WorksOnHoweverManyAreKilled) {
    const ProcessBarrier barrier(3);
    const SharedValue<int> passed(0);
    const auto go_round_until_killed = [&](Channel&) {
        for (;;) {
            try {
                barrier.wait();
                passed.fetch_add(1);
            } catch (const BrokenBarrierError&) {
                if (barrier.broken()) { // otherwise two processes could reset each other's barrier
                                        // forever
                    barrier.reset();
                }
            }
        }
    };
    std::vector<OtherProcess> others;
    for (int i = 0; i < 3; ++i) {
        others.emplace_back(go_round_until_killed);
    }
    for (std::size_t round = 0; round < 60; ++round) {
        const int before = passed.load();
        while (passed.load() < before + 10) {
            std::this_thread::yield();
        }
        OtherProcess& victim = others[round % others.size()];
        victim.kill();
        victim = OtherProcess(go_round_until_killed);
    }
}

TEST(ProcessBarrier, IsWaitedAtThroughAStormOfSignals) {
    constexpr int rounds = 300;
    const ProcessBarrier barrier(2);
    OtherProcess other([&](Channel&) {
        SignalStorm storm;
        for (int round = 0; round < rounds; ++round) {
            barrier.wait();
        }
    });
    for (int round = 0; round < rounds; ++round) {
        barrier.wait();
    }
    EXPECT_EQ(other.join(), 0);
}

} // namespace
